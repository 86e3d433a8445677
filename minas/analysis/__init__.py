"""Figures worked out from trials: fronts, hypervolumes, comparisons, confirmations and choices.

Pure functions on values; no torch, no files. Each module has one idea:

- `front`: the non-dominated trials, their labels and the plan of what to confirm.
- `hypervolume`: how much of the space between fixed bounds is dominated, over the trials.
- `bounds`: those bounds for a user's own data.
- `comparison`: a front against random architectures.
- `confirmation`: means, intervals and paired differences over seeds.
- `quantities`, `pick`: limits such as `error <= .03`, and the member that they choose.
- `lines`: what a method without a network reached, with intervals over samples.
- `layout`, `topology`: where an architecture's nodes stand in a drawing, and what is written on them.
- `limits`: from where to where an axis of a plot goes.
- `pictures`: the numbers behind each plot.
- `subjects`: the records of a run, or of one architecture, that plots are worked out from.

Of a study (statsmodels and pandas are imported where they are used):

- `cells`: a study's result as a table; `responses`: what is asked of it, and what is left out.
- `factors`, `answers`, `anova`, `effect_sizes`, `multiple`: tables of variance, types II and III.
- `mixed`, `assumptions`: the checks beside them.
- `floors`, `shares`, `ceiling`: whether architecture sets the energy ceiling, by a fixed rule.
- `contrasts`: families in pairs, lambda against none by seed, the gain by kind of domain.
- `modularity`: beyond what degrees bring, and whether it goes with less action at equal FLOPs.
- `study`: all of these but modularity, for one study.
- `claim`: how a claim beside the ceiling is judged; `claims_*`: each of them; `claims`: all, with their tables.
- `crossed`: topology crossed with domain; `gaming`: what tells a frugal network from a rescaled one.
- `study_pictures`: the numbers behind a study's plots.
- `extras`: the optional packages, or what to install.
"""
