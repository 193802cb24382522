"""Detection by evidence: a breach is what a healthy agent would not show by chance (`docs/decisions/0024`).

*Badness* grows in the bad direction. Of a share it is the log odds of a task being bad; of a mean or a depth it is the
value itself, or its logarithm where values are never negative and rising is bad (costs and times are skewed: a sum of
log-normal values is nearly log-normal again).

*Two looks* at each of several trailing windows ask how far the window is from

1. *normal*: the level of the baseline; finds what crept in, and
2. *the last hour*: where a healthy agent that was at the level of the hour before the window would be now. An agent's
   level wanders and has a daily wave, but it does not jump: this finds a jump within minutes where the first look must
   wait until the level is beyond everything seen in two weeks.

*The evidence* of a look is the price of the cheapest innocent explanation: the level wandered by d, which has the
price d^2 / (2 wander), and the tasks fell badly at that level, which has the price of their log-likelihood ratio,
n KL(p, p_d) / scatter. In shares of one, exp(-evidence) bounds the chance. How much a healthy level wanders (per window
and look), how much tasks scatter beyond the binomial or what one task's spread is, how much of the last hour's level is
still there, and how heavy the tail is: all that is learned from the baseline's history (`learning.py`).

*A breach* is evidence past `allowance.threshold`, in a window that is past the objective as a whole.

The plain implementation (`plain.py`) reads like the rule; `fleet.py` judges many series at once and agrees with it.
"""
