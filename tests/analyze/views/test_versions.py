"""Which trials are of the same version of the code, and by what short hash it is known."""

from etude.analyze.views.versions import changed_between, versions
from etude.code import REFERENCE, Code, CodeFile, Stretch
from etude.record import Record


def file(path, text):
    return CodeFile(path, f"hash of {text}", text)


def code(**texts):
    return Code(tuple(file(f"{name}.py", text) for name, text in sorted(texts.items())))


def trial(at, *stretches):
    known = tuple(Stretch(step, launch, of) for step, launch, of in stretches)
    return Record(
        id=at, study="all", index=at, setting={}, seed=at, status="completed", stretches=known
    )


def labels(*records):
    found = versions(records).of_trial
    return [[one.version for one in found[record.id]] for record in records]


def test_trials_of_the_same_code_have_the_same_hash_in_every_launch():
    (first,), (second,) = labels(
        trial(0, (0, 1, code(train="x = 1"))), trial(1, (0, 2, code(train="x = 1  # one")))
    )

    assert first == second


def training(name, text):
    reference = f"{name}.py:train"
    return Code((file(f"{name}.py", text), file(REFERENCE, reference)))


def test_a_training_file_that_was_renamed_is_the_same_code():
    records = [
        trial(0, (0, 1, training("train", "x = 1"))),
        trial(1, (0, 2, training("training", "x = 1"))),
    ]

    (first,), (second,) = labels(*records)

    assert first == second
    assert versions(records).changed == ()
    assert changed_between(records[:1], records[1:]) == ()


def test_another_training_file_is_other_code():
    (first,), (second,) = labels(
        trial(0, (0, 1, training("train", "x = 1"))),
        trial(1, (0, 2, training("training", "x = 2"))),
    )

    assert first != second


def test_trials_of_other_code_have_another_hash():
    (first,), (second,) = labels(
        trial(0, (0, 1, code(train="x = 1"))), trial(1, (0, 2, code(train="x = 2")))
    )

    assert first != second


def test_code_that_is_changed_back_has_its_first_hash_again():
    (first,), (_,), (last,) = labels(
        trial(0, (0, 1, code(train="x = 1"))),
        trial(1, (0, 2, code(train="x = 2"))),
        trial(2, (0, 3, code(train="x = 1"))),
    )

    assert first == last


def test_a_hash_stays_whatever_later_launches_bring():
    first = trial(0, (0, 1, code(train="x = 1")))
    later = trial(1, (0, 2, code(train="x = 2", lazy="y = 1")))

    assert labels(first, later)[0] == labels(first)[0]


def test_a_module_that_only_some_settings_import_makes_no_other_version():
    (plain,), (lazy,), (again,) = labels(
        trial(0, (0, 1, code(train="x = 1"))),
        trial(1, (0, 2, code(train="x = 1", lazy="y = 1"))),
        trial(2, (0, 2, code(train="x = 1"))),
    )

    assert plain == lazy == again


def test_a_change_of_a_module_that_only_some_settings_import_is_one():
    found = versions(
        [
            trial(0, (0, 1, code(train="x = 1"))),
            trial(1, (0, 1, code(train="x = 1", lazy="y = 1"))),
            trial(2, (0, 2, code(train="x = 1"))),
            trial(3, (0, 2, code(train="x = 1", lazy="y = 2"))),
        ]
    )

    (changed,) = found.changed
    assert (changed.path, changed.lines, changed.launch) == ("lazy.py", 1, 2)
    of_launch = [{found.of_trial[trial][0].version for trial in pair} for pair in ((0, 1), (2, 3))]
    assert [len(one) for one in of_launch] == [1, 1]
    assert of_launch[0] != of_launch[1]


def test_a_trial_that_went_on_under_other_code_has_both():
    (before,), (both) = labels(
        trial(0, (0, 1, code(train="x = 1"))),
        trial(1, (0, 1, code(train="x = 1")), (4, 2, code(train="x = 2"))),
    )

    assert both[0] == before
    assert both[1] != before


def test_a_file_edited_while_workers_start_is_two_versions_of_one_launch():
    (first,), (second,) = labels(
        trial(0, (0, 1, code(train="x = 1"))), trial(1, (0, 1, code(train="x = 2")))
    )

    assert first != second


def test_a_trial_whose_code_nobody_knows_has_no_version():
    assert labels(trial(0, (0, 1, None)), trial(1)) == [[""], []]
