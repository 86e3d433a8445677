"""How an export's `model.py` turns raw signals into samples: as `minas.data.signals.apply`, in torch."""

SAMPLES = '''\
def samples(signals: Tensor) -> Tensor:
    """Return raw signals, (signals, channels, time), as the network takes them, float32."""
    x = torch.as_tensor(signals).float().double()
    expected = (PREPROCESSING["shape"][0], PREPROCESSING["length"])
    if x.dim() != 3 or tuple(x.shape[1:]) != expected:
        raise ValueError(f"signals of shape {tuple(x.shape)}; expected (signals, {expected[0]}, {expected[1]})")
    if baseline := PREPROCESSING.get("baseline"):
        x = x - x[:, :, :baseline].mean(2, keepdim=True)
    if PREPROCESSING["band"] is not None:
        x = in_band(x, *PREPROCESSING["band"], PREPROCESSING["rate"])
    average = PREPROCESSING["average"]
    x = x[:, :, : x.shape[2] // average * average].unflatten(2, (-1, average)).mean(3)
    if PREPROCESSING.get("points") is not None:
        x = resampled(x, PREPROCESSING["points"])
    if PREPROCESSING["standardise"] == "channel":
        mean, deviation = (torch.tensor(PREPROCESSING[name]).double() for name in ("mean", "standard_deviation"))
        x = (x - mean[:, None]) / deviation[:, None]
    elif PREPROCESSING["standardise"] == "trial":
        spread = x.std(2, correction=0, keepdim=True)
        x = (x - x.mean(2, keepdim=True)) / torch.where(spread > 0, spread, 1.0)
    return x.float()


def in_band(x: Tensor, low: float, high: float, rate: float) -> Tensor:
    """Filter forwards and backwards (Butterworth, order 4 each way); this alone needs scipy."""
    from scipy.signal import butter, sosfiltfilt

    kind, edges = ("bandpass", [low, high]) if low > 0 else ("lowpass", high)
    sections = butter(4, edges, kind, fs=rate, output="sos")
    padding = min(3 * (2 * len(sections) + 1), x.shape[2] - 1)
    return torch.from_numpy(sosfiltfilt(sections, x.numpy(), axis=2, padlen=padding).copy())


def resampled(x: Tensor, points: int) -> Tensor:
    """Return so many points of time for the same span: means over equal shares of it, or lines where points are added."""
    length = x.shape[2]
    if points == length:
        return x
    if points > length:
        places = (torch.arange(points).double() + 0.5) * (length / points) - 0.5
        return between(x, places.clamp(0, length - 1))
    whole = nn.functional.pad(x.cumsum(2), (1, 0))
    return between(whole, torch.linspace(0, length, points + 1).double()).diff(dim=2) * (points / length)


def between(x: Tensor, places: Tensor) -> Tensor:
    """Return values at places between points of time, on the lines between them."""
    before = places.long().clamp(max=x.shape[2] - 1)
    after = (before + 1).clamp(max=x.shape[2] - 1)
    share = places - before
    return x[:, :, before] * (1 - share) + x[:, :, after] * share
'''
