"""How well a model's answers came true: figures with intervals, beside plain baselines. Nothing is trained here.

resampling      a figure and its 95% interval, by bootstrap
ranking         ROC-AUC, PR-AUC, precision and lift of the first leads, with the bounds they cannot exceed
probabilities   Brier, log loss, slope and intercept of calibration
calibration     ECE with its own noise, curve, ranges by groups, drift with a false-alarm budget
amounts         R2, Spearman, MAE, coverage of ranges
times           concordance and survival curves where some leads are still open
"""
