"""The risk engine: from labelled visits and candidate factors to a small, calibrated, explained score.

Read in this order: `sample` (what goes in), `config` (every number that a person may set), `train` (the whole
road), then the steps it takes: `splits`, `screening`, `booster`, `stringency`, `model`, `calibration`,
`evaluation`, `card`. Beside the road stand `explanation`, `fairness`, `drift` and `promotion`.
"""
