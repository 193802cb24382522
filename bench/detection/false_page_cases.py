"""The grid of `bench_false_pages`: what a healthy agent may look like, and how near its objective lies."""

from bench.detection.traffic import Case

CASES = (
    # constant levels, 0.5 to 10 %, objective 1.2 to 10 times them, 2 to 5,000 tasks a minute
    Case("share", 0.02, 0.05, 2),
    Case("share", 0.02, 0.05, 20),
    Case("share", 0.02, 0.05, 100),
    Case("share", 0.02, 0.05, 1000),
    Case("share", 0.03, 0.05, 100),
    Case("share", 0.03, 0.036, 20),
    Case("share", 0.03, 0.036, 5000),
    Case("share", 0.005, 0.05, 20),
    Case("share", 0.005, 0.01, 1000),
    Case("share", 0.1, 0.12, 100),
    Case("share", 0.1, 0.2, 2),
    Case("share", 0.1, 0.2, 5),
    Case("share", 0.08, 0.15, 20),
    # wandering levels
    Case("share", 0.03, 0.05, 20, wander=0.1),
    Case("share", 0.03, 0.05, 100, wander=0.2),
    Case("share", 0.03, 0.05, 1000, wander=0.2),
    Case("share", 0.03, 0.05, 100, wander=0.4),
    Case("share", 0.03, 0.05, 1000, wander=0.4),
    Case("share", 0.03, 0.036, 5000, wander=0.3, memory=600),
    Case("share", 0.03, 0.05, 5000, wander=0.5, memory=600),
    Case("share", 0.03, 0.05, 1000, wander=0.3, memory=20),
    Case("share", 0.01, 0.03, 20, wander=0.5),
    Case("share", 0.1, 0.2, 20, wander=0.3, memory=1440),
    # daily waves of level and traffic
    Case("share", 0.03, 0.05, 1000, wander=0.2, wave=0.4),
    Case("share", 0.03, 0.05, 100, wave=0.4),
    Case("share", 0.02, 0.05, 100, wander=0.3, traffic="daily"),
    Case("share", 0.05, 0.08, 500, wander=0.2, wave=0.3, traffic="daily"),
    # bursts and over-dispersion
    Case("share", 0.02, 0.05, 100, traffic="bursty"),
    Case("share", 0.03, 0.06, 20, wander=0.2, traffic="bursty"),
    Case("share", 0.02, 0.05, 100, clusters=5),
    Case("share", 0.02, 0.04, 40, clusters=4, traffic="bursty"),
    Case("share", 0.03, 0.05, 100, beta=50),
    Case("share", 0.03, 0.05, 1000, beta=50, wander=0.2),
    Case("share", 0.03, 0.05, 100, beta=50, traffic="daily"),
    # skewed means: tool calls, cost, time
    Case("mean", 1, 1.5, 5, skew=0.6),
    Case("mean", 1, 1.5, 20, skew=0.6, wander=0.1),
    Case("mean", 1, 1.5, 20, skew=1.2),
    Case("mean", 1, 1.5, 50, skew=1.2, wander=0.2),
    Case("mean", 1, 1.2, 50, skew=0.8, wander=0.1, wave=0.1),
    Case("mean", 1, 2, 20, skew=-2.5),
    Case("mean", 1, 1.5, 50, skew=-2.2, wander=0.1),
    Case("mean", 1, 1.5, 1000, skew=1.2, wander=0.15),
    Case("mean", 1, 1.5, 20, skew=0.8, traffic="bursty"),
    # queues
    Case("depth", 1, 2, 1, load=0.6),
    Case("depth", 1, 2, 1, load=0.8),
    Case("depth", 1, 2, 1, load=0.9),
    Case("depth", 1, 3, 1, load=0.8, wave=0.3),
)

HELD_OUT = (
    Case("share", 0.015, 0.04, 30),
    Case("share", 0.06, 0.09, 300),
    Case("share", 0.04, 0.1, 4),
    Case("share", 0.04, 0.06, 200, wander=0.25, memory=60),
    Case("share", 0.02, 0.04, 2000, wander=0.35, memory=300),
    Case("share", 0.07, 0.12, 50, wander=0.15, wave=0.25, traffic="daily"),
    Case("share", 0.03, 0.06, 150, shape="steps"),
    Case("share", 0.03, 0.06, 1500, shape="steps"),
    Case("share", 0.03, 0.05, 300, shape="regimes"),
    Case("share", 0.03, 0.06, 60, wander=0.2, clusters=3),
    Case("share", 0.02, 0.05, 400, beta=100, traffic="bursty"),
    Case("mean", 1, 1.4, 10, skew=1.0),
    Case("mean", 1, 1.4, 30, skew=0.9, wander=0.15, shape="regimes"),
    Case("mean", 1, 1.6, 40, skew=-2.3, shape="steps"),
    Case("depth", 1, 2.5, 1, load=0.7),
    Case("depth", 1, 2, 1, load=0.85, wave=0.2),
)
