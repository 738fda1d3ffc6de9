"""Weights: how much settling a reason to doubt would change the answer; topics they share."""

from __future__ import annotations

# How much settling a reason would change the answer: an order, no measure. A problem makes it the
# answer to another question (C14); a race that is not over, or was unfair, or was run by a lame
# runner may end otherwise; luck may turn any lead; what holds for all studies alike turns none.
PROBLEM, UNFINISHED, UNFAIR, HELD_DOWN = 100.0, 95.0, 85.0, 75.0
# What is no better than chance learned nothing, so that nothing about it can be tuned yet (S11).
AT_CHANCE, PERHAPS_AT_CHANCE = 105.0, 88.0
# What nobody reads makes it no question at all, whatever else is wrong.
UNREAD = 110.0
ONCE, TIMED_OUT, STILL_IMPROVING, JUMPS = 70.0, 65.0, 60.0, 50.0
# Trials of two versions of the code in every study: as uneven as instability makes a race.
CHANGED_CODE = 75.0
# A search by another metric may have missed what is best by this one.
ANOTHER_METRIC = 80.0
CENSORED, OPEN, MERGED, LISTED = 50.0, 40.0, 35.0, 30.0
LUCK, SAMPLING_ERROR, ACKNOWLEDGED, SELECTION, FIXED = 30.0, 25.0, 20.0, 15.0, 10.0
# A failed check whose repair changes no order stands beside the answer, and is seen still.
BESIDE = 45.0
# What would change how long or how evenly to train, and hardly which is best.
ASIDE = 12.0
# A trait of the leader counts less than the same of who is behind: cured, it leads still.
LEADERS_SHARE = 0.7
# Of a race of 12 against 20 nobody would say that it is nearly fair.
MOST_UNFAIR = 0.4
# What retrainings would tell is one topic, whichever rule asks for them.
RETRAIN = "retrain"
# What a round that is not over explains by itself.
UNENDED = "unended"
# Where no trial has a value, that is all there is to say.
VALUELESS = "no value"
