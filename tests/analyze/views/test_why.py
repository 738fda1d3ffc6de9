from __future__ import annotations

import copy
import pickle

from etude.analyze.views.why import CLEAR, Why


def test_a_reason_keeps_its_cause_where_it_is_copied():
    why = Why("too_short", "it has 3 evaluations")

    for other in (pickle.loads(pickle.dumps(why)), copy.deepcopy(why)):
        assert (other, other.kind) == ("it has 3 evaluations", "too_short")
    assert pickle.loads(pickle.dumps(CLEAR)).kind == ""


def test_many_trials_have_one_reason():
    assert Why("noise", "it is noisy") is Why("noise", "it is noisy")
    assert Why("noise", "it is noisy").kind != Why("flat", "it is noisy").kind
