"""Operators of a trace that cost no multiply-accumulates by the convention, so that everything else can be refused.

They are listed by name, without `aten::` and without the underscore of the form that works in place. Cheap is not free:
what mixes elements linearly and is no pooling, sum or norm (Fourier transforms, distances, solvers) is left out on purpose.
"""

from __future__ import annotations

POINTWISE = """
    abs absolute acos acosh add addcdiv addcmul addr angle arccos arccosh arcsin arcsinh arctan arctan2 arctanh asin asinh
    atan atan2 atanh bernoulli bitwise_and bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor ceil
    celu clamp clamp_max clamp_min clip complex conj copysign cos cosh deg2rad digamma div divide elu eq erf erfc erfinv
    exp exp2 expm1 fix float_power floor floor_divide fmax fmin fmod frac ge gelu glu greater greater_equal gt hardshrink
    hardsigmoid hardswish hardtanh heaviside huber_loss hypot imag isclose isfinite isinf isnan isneginf isposinf ldexp le
    leaky_relu lerp less less_equal lgamma log log10 log1p log2 log_sigmoid logaddexp logaddexp2 logical_and logical_not
    logical_or logical_xor logit lt maximum minimum mish mul multiply nan_to_num ne neg negative nextafter not_equal outer
    polar positive pow prelu rad2deg real reciprocal relu relu6 remainder round rrelu rsqrt rsub selu sgn sigmoid sign
    signbit silu sin sinc sinh softplus softshrink sqrt square sub subtract tan tanh threshold true_divide trunc where
    xlogy __and__ __lshift__ __or__ __rshift__ __xor__ _thnn_fused_gru_cell _thnn_fused_lstm_cell
"""

NORMALISATION_AND_DROPOUT = """
    alpha_dropout batch_norm dropout feature_alpha_dropout feature_dropout frobenius_norm group_norm instance_norm
    layer_norm linalg_vector_norm log_softmax native_batch_norm native_dropout native_group_norm native_layer_norm norm
    rms_norm softmax _weight_norm
"""

POOLING_AND_RESAMPLING = """
    adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d
    avg_pool1d avg_pool2d avg_pool3d channel_shuffle col2im embedding embedding_bag fractional_max_pool2d
    fractional_max_pool3d grid_sampler grid_sampler_2d grid_sampler_3d im2col max_pool1d max_pool1d_with_indices max_pool2d
    max_pool2d_with_indices max_pool3d max_pool3d_with_indices max_unpool2d max_unpool3d pixel_shuffle pixel_unshuffle
    unfold upsample_bicubic2d upsample_bilinear2d upsample_linear1d upsample_nearest1d upsample_nearest2d
    upsample_nearest3d upsample_trilinear3d
"""

REDUCTION_AND_ORDER = """
    all amax amin aminmax any argmax argmin argsort bincount bucketize count_nonzero cummax cummin cumprod cumsum diff
    equal histc isin kthvalue logcumsumexp logsumexp max mean median min mode msort multinomial nanmean nanmedian nansum
    prod quantile searchsorted sort std std_mean sum topk trace unique_consecutive var var_mean
"""

SHAPE_AND_MEMORY = """
    adjoint alias as_strided atleast_1d atleast_2d atleast_3d block_diag broadcast_tensors broadcast_to cat chunk clone
    column_stack concat concatenate constant_pad_nd contiguous copy cpu cuda detach diag diag_embed diagonal dsplit dstack
    expand expand_as fill flatten flip fliplr flipud gather hsplit hstack index index_add index_copy index_fill index_put
    index_select item lift_fresh masked_fill masked_scatter masked_select matrix_H meshgrid mH moveaxis movedim mT narrow
    nonzero numpy_T one_hot pad pad_sequence permute pin_memory put ravel reflection_pad1d reflection_pad2d
    reflection_pad3d repeat repeat_interleave replication_pad1d replication_pad2d replication_pad3d reshape reshape_as
    resolve_conj resolve_neg roll rot90 scatter scatter_add scatter_reduce select select_scatter slice slice_scatter split
    split_with_sizes squeeze stack sum_to_size swapaxes swapdims t take take_along_dim tensor_split tile to transpose tril
    triu type_as unbind unflatten unsafe_chunk unsafe_split unsafe_split_with_sizes unsqueeze view view_as view_as_complex
    view_as_real view_copy vsplit vstack zero _pack_padded_sequence _pad_circular _pad_packed_sequence _reshape_alias
    _shape_as_tensor _unsafe_view
"""

MAKING_AND_ASKING = """
    arange Bool dim empty empty_like exponential eye Float FloatImplicit full full_like get_device Int IntImplicit
    is_complex is_floating_point len linspace logspace new_empty new_full new_ones new_zeros normal numel ones ones_like
    poisson rand rand_like randint randint_like randn randn_like randperm scalar_tensor ScalarImplicit size stride
    tril_indices triu_indices uniform warn zeros zeros_like __contains__ __getitem__ __is__ __isnot__ __not__
"""

GROUPS = (
    POINTWISE, NORMALISATION_AND_DROPOUT, POOLING_AND_RESAMPLING, REDUCTION_AND_ORDER, SHAPE_AND_MEMORY, MAKING_AND_ASKING,
)  # fmt: skip
FREE = frozenset(
    f"aten::{name}{ending}"
    for group in GROUPS
    for name in group.split()
    for ending in ("", "_")
    if not (ending and name.endswith("__"))
)
"""Names in a trace of the operators that cost nothing, with their forms that work in place."""
