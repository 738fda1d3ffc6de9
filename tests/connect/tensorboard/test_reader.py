from __future__ import annotations

import csv
import math
import struct
from collections import Counter
from functools import reduce
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.connect import encoders
from tests.connect.csv_folders import shared_data
from tests.connect.encoders import (
    bytes_field,
    double_field,
    event,
    float_field,
    simple_value,
    tensor_value,
    varint_field,
)
from tests.connect.hostile_files import GIGABYTE, memory_below, zeros

from etude.connect import tensorboard
from etude.connect.base import ReadRequest, SourceStudy
from etude.connect.tensorboard.event_file import masked_crc
from etude.errors import ImportFileError

REQUEST = ReadRequest(metric="valid/loss")
SCALAR_SHAPE = bytes_field(2, b"")


def read(source: Path, request: ReadRequest = REQUEST) -> SourceStudy:
    (study,) = tensorboard.read(source, request)
    return study


@pytest.fixture(scope="module")
def algoperf() -> SourceStudy:
    return read(shared_data("originals", "tensorboard_algoperf"))


def test_every_run_of_the_original_arrives_with_all_its_points(algoperf):
    trials = algoperf.trials

    assert len(trials) == 15
    assert {trial.status for trial in trials} == {"unknown"}
    assert sum(len(trial.rows) for trial in trials) == 29_318
    assert len({name for trial in trials for _, name, _ in trial.rows}) == 24
    assert algoperf.left_out == ()


def test_what_was_not_finite_in_the_original_arrives_as_such(algoperf):
    rows = [(trial.name, row) for trial in algoperf.trials for row in trial.rows]

    lost = Counter((name, metric) for name, (_, metric, value) in rows if math.isnan(value))
    assert lost == {
        ("generalized_adam/study_0/wmt_jax/trial_1", f"{part}/loss"): 51
        for part in ("train", "validation", "test")
    }


def test_the_original_agrees_with_the_table_that_its_own_tool_wrote_beside_it():
    folder = shared_data("originals", "tensorboard_algoperf") / "baseline/study_0/ogbg_jax/trial_1"
    with (folder / "eval_measurements.csv").open() as table:
        rows = list(csv.DictReader(table))

    (trial,) = read(folder).trials

    curve = {step: value for step, name, value in trial.rows if name == "validation/loss"}
    expected = {int(row["global_step"]): float(row["validation/loss"]) for row in rows}
    assert curve == pytest.approx(expected, rel=1e-6)


def test_the_settings_of_the_original_are_those_that_lie_beside_the_events(algoperf):
    trial = algoperf.trials[4]

    assert trial.name == "baseline/study_0/ogbg_jax/trial_5"
    assert trial.setting == {
        "dropout_rate": 0.1,
        "label_smoothing": 0.0,
        "learning_rate": 0.0017486387539278373,
        "one_minus_beta1": 0.06733926164,
        "beta2": 0.9955159689799007,
        "weight_decay": 0.08121616522670176,
        "warmup_factor": 0.02,
    }


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (varint_field(1, 1) + SCALAR_SHAPE + bytes_field(4, struct.pack("<f", 0.5)), 0.5),
        (varint_field(1, 1) + SCALAR_SHAPE + float_field(5, 0.5), 0.5),
        (varint_field(1, 1) + SCALAR_SHAPE + bytes_field(5, struct.pack("<f", math.inf)), math.inf),
        (varint_field(1, 2) + SCALAR_SHAPE + bytes_field(4, struct.pack("<d", 1 / 3)), 1 / 3),
        (varint_field(1, 2) + SCALAR_SHAPE + double_field(6, 1 / 3), 1 / 3),
        (varint_field(1, 3) + SCALAR_SHAPE + varint_field(7, -3), -3.0),
        (varint_field(1, 9) + SCALAR_SHAPE + bytes_field(10, encoders.varint(7)), 7.0),
        (varint_field(1, 19) + SCALAR_SHAPE + bytes_field(13, encoders.varint(0x3800)), 0.5),
        (varint_field(1, 14) + SCALAR_SHAPE + bytes_field(13, encoders.varint(0x3F00)), 0.5),
    ],
)
def test_a_scalar_arrives_from_every_way_to_write_a_tensor(tmp_path, content, value):
    encoders.event_file(
        tmp_path / "a" / "events.out.tfevents.1", event(3, tensor_value("loss", content))
    )

    (trial,) = read(tmp_path).trials

    assert trial.rows == ((3, "loss", value),)


def test_files_of_one_run_are_read_in_order_of_time_not_of_name(tmp_path):
    encoders.event_file(
        tmp_path / "x.tfevents.9", event(0, simple_value("loss", 1.0), wall_s=5), wall_s=5
    )
    encoders.event_file(
        tmp_path / "x.tfevents.10", event(1, simple_value("loss", 0.5), wall_s=9), wall_s=8
    )

    (trial,) = read(tmp_path).trials

    assert trial.rows == ((0, "loss", 1.0), (1, "loss", 0.5))
    assert trial.name == tmp_path.name
    assert trial.wall_s == 4.0


def test_the_hyperparameter_plugin_gives_setting_and_end(tmp_path):
    values = {
        "lr": double_field(2, 0.1),
        "layers": double_field(2, 3.0),
        "opt": bytes_field(3, "adam"),
    }
    start, end = encoders.hparams_session(values | {"bias": varint_field(4, 1)}, status=2)
    encoders.event_file(
        tmp_path / "a/x.tfevents",
        event(0, start),
        event(9, simple_value("loss", 2.0)),
        event(9, end),
    )

    (trial,) = read(tmp_path).trials

    assert trial.setting == {"lr": 0.1, "layers": 3, "opt": "adam", "bias": True}
    assert trial.status == "failed"


def test_parts_of_a_run_that_pytorch_writes_into_folders_come_together(tmp_path):
    start, end = encoders.hparams_session({"lr": double_field(2, 0.1)})
    encoders.event_file(tmp_path / "a/x.tfevents", event(0, simple_value("train/loss", 3.0)))
    encoders.event_file(
        tmp_path / "a/1700.5/x.tfevents", event(0, start, simple_value("final", 1.0), end)
    )
    encoders.event_file(
        tmp_path / "a/valid_loss_big/x.tfevents", event(0, simple_value("valid/loss", 2.0))
    )

    study = read(tmp_path)

    (trial,) = study.trials
    assert (trial.name, trial.setting) == ("a", {"lr": 0.1})
    assert trial.rows == ((0, "train/loss", 3.0), (0, "final", 1.0), (0, "valid/loss/big", 2.0))
    assert "`a/1700.5`" in study.left_out[0]


def test_the_last_values_beside_a_setting_take_no_place_in_the_curve(tmp_path):
    start, end = encoders.hparams_session({"lr": double_field(2, 0.1)})
    curve = [
        event(step, simple_value("val_acc", value))
        for step, value in ((0, 0.5), (100, 0.75), (200, 0.875))
    ]
    encoders.event_file(tmp_path / "a/x.tfevents", *curve)
    encoders.event_file(
        tmp_path / "a/1700.5/x.tfevents", event(0, start, simple_value("val_acc", 0.875), end)
    )

    (trial,) = read(tmp_path).trials

    assert trial.setting == {"lr": 0.1}
    assert trial.rows == ((0, "val_acc", 0.5), (100, "val_acc", 0.75), (200, "val_acc", 0.875))


def test_both_halves_of_a_run_of_keras_are_one_trial(tmp_path):
    encoders.event_file(tmp_path / "a/train/x.tfevents", event(0, simple_value("epoch_loss", 1.0)))
    encoders.event_file(
        tmp_path / "a/validation/x.tfevents", event(0, simple_value("epoch_loss", 2.0))
    )

    (trial,) = read(tmp_path).trials

    assert trial.name == "a"
    assert trial.rows == ((0, "train/epoch_loss", 1.0), (0, "valid/epoch_loss", 2.0))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("hparams.json", '{"lr": 0.1, "model": {"layers": 2}, "seed": 7, "max_steps": 100}'),
        ("params.json", '{"lr": 0.1, "model.layers": 2, "seed": 7, "max_steps": 100}'),
        ("hparams.yaml", "lr: 0.1\nmodel:\n  layers: 2\nseed: 7\nmax_steps: 100\n"),
    ],
)
def test_a_setting_beside_the_events_is_read(tmp_path, name, text):
    encoders.event_file(tmp_path / "x.tfevents", event(0, simple_value("loss", 1.0)))
    (tmp_path / name).write_text(text)

    study = read(tmp_path)

    assert study.trials[0].setting == {"lr": 0.1, "model.layers": 2}
    assert (study.trials[0].seed, study.max_steps) == (7, 100)


def test_a_run_without_a_setting_is_told(tmp_path):
    encoders.event_file(tmp_path / "a/x.tfevents", event(0, simple_value("loss", 1.0)))

    assert "1 of 1 runs (`a`…) have no setting" in read(tmp_path).left_out[0]


def test_pictures_and_graphs_are_passed_over_and_counted(tmp_path):
    picture = bytes_field(1, "image") + bytes_field(4, b"png")
    texts = tensor_value("note", varint_field(1, 7), plugin_name="text")
    graph = encoders.tfrecord(bytes_field(4, b"nodes"))
    path = encoders.event_file(
        tmp_path / "x.tfevents", event(0, picture, texts, simple_value("loss", 1.0)), graph
    )

    study = read(tmp_path)

    assert study.trials[0].rows == ((0, "loss", 1.0),)
    assert f"`{path}`: passed over what is no scalar: 1 graphs, 1 images, 1 text." in study.left_out


def test_names_are_changed_and_left_out_as_asked(tmp_path):
    encoders.event_file(
        tmp_path / "x.tfevents", event(0, simple_value("a", 1.0), simple_value("b", 2.0))
    )

    study = read(
        tmp_path,
        ReadRequest(metric="v", renames={"a": "valid/loss"}, ignored_names=frozenset({"b"})),
    )

    assert study.trials[0].rows == ((0, "valid/loss", 1.0),)


def test_a_file_that_ends_inside_a_record_is_read_up_to_there(tmp_path):
    whole = event(0, simple_value("loss", 1.0))
    path = encoders.event_file(
        tmp_path / "x.tfevents", whole, event(1, simple_value("loss", 0.5))[:-3]
    )

    study = read(tmp_path)

    offset = path.stat().st_size - len(whole) + 3
    assert study.trials[0].rows == ((0, "loss", 1.0),)
    assert f"`{path}` ends inside the record at byte {offset}" in study.left_out[0]


@pytest.mark.parametrize(("at", "which"), [(0, "length"), (9, "length"), (14, "data")])
def test_a_damaged_record_is_named_with_file_and_offset(tmp_path, at, which):
    path = encoders.event_file(tmp_path / "x.tfevents", event(0, simple_value("loss", 1.0)))
    offset = path.stat().st_size
    damaged = bytearray(event(1, simple_value("loss", 0.5)))
    damaged[at] ^= 1
    path.write_bytes(path.read_bytes() + damaged)

    study = read(tmp_path)

    assert study.trials[0].rows == ((0, "loss", 1.0),)
    assert f"`{path}` is damaged at byte {offset}: its {which} fails" in study.left_out[0]


def test_a_damaged_run_is_named_and_the_others_are_read(tmp_path):
    encoders.event_file(tmp_path / "good/x.tfevents", event(0, simple_value("loss", 1.0)))
    bad = tmp_path / "bad/x.tfevents"
    bad.parent.mkdir()
    bad.write_bytes(b"no event file at all, by any means")

    study = read(tmp_path)

    assert [trial.name for trial in study.trials] == ["good"]
    assert any(f"`{bad}` is damaged at byte 0" in sentence for sentence in study.left_out)
    assert any(f"`{bad.parent}` holds no scalar" in sentence for sentence in study.left_out)


def test_a_gigabyte_of_zeros_is_refused_at_once_and_in_little_memory(tmp_path):
    zeros(tmp_path / "x.tfevents")

    with memory_below(1 << 20), pytest.raises(ImportFileError, match="damaged at byte 0"):
        read(tmp_path)


def test_a_record_that_claims_to_be_endless_is_not_believed(tmp_path):
    endless = encoders.tfrecord(b"x", length=2**60)
    encoders.event_file(tmp_path / "x.tfevents", event(0, simple_value("loss", 1.0)), endless)

    study = read(tmp_path)

    assert study.trials[0].rows == ((0, "loss", 1.0),)
    assert "ends inside the record" in study.left_out[0]


def test_a_record_as_large_as_the_file_is_passed_over_unread(tmp_path):
    good = event(0, simple_value("loss", 1.0))
    head = struct.pack("<Q", GIGABYTE // 2)
    begin = good + head + encoders.masked_crc(head)
    zeros(tmp_path / "x.tfevents", begin)

    with memory_below(1 << 20):
        study = read(tmp_path)

    assert study.trials[0].rows == ((0, "loss", 1.0),)
    assert any("1 events beyond all measure" in sentence for sentence in study.left_out)


def test_deep_nesting_costs_no_stack(tmp_path):
    nest = reduce(lambda inner, _: bytes_field(1, inner), range(5000), b"")
    encoders.event_file(
        tmp_path / "x.tfevents",
        event(0, simple_value("loss", 1.0)),
        encoders.tfrecord(bytes_field(5, nest)),
    )

    assert read(tmp_path).trials[0].rows == ((0, "loss", 1.0),)


@given(st.binary(max_size=60), st.sampled_from([(), (5,), (5, 1), (5, 1, 8), (5, 1, 9, 1)]))
def test_no_event_breaks_the_reader(content, fields):
    nested = reduce(lambda inner, field: bytes_field(field, inner), reversed(fields), content)
    with TemporaryDirectory() as place:
        path = Path(place) / "x.tfevents"
        encoders.event_file(path, event(0, simple_value("loss", 1.0)), encoders.tfrecord(nested))

        study = read(Path(place))

    assert study.trials[0].rows[0] == (0, "loss", 1.0)


@pytest.mark.parametrize("name", ["../../x", "<script>alert(1)</script>", "a\x00b"])
def test_a_metrics_name_is_text_and_nothing_more(tmp_path, name):
    encoders.event_file(tmp_path / "in/x.tfevents", event(0, simple_value(name, 1.0)))

    (trial,) = read(tmp_path).trials

    assert trial.rows == ((0, name, 1.0),)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["in", "x.tfevents"]


def test_a_link_out_of_the_folder_is_named_and_not_followed(tmp_path):
    outside = encoders.event_file(
        tmp_path / "out/x.tfevents", event(0, simple_value("secret", 1.0))
    )
    encoders.event_file(tmp_path / "in/a/x.tfevents", event(0, simple_value("loss", 1.0)))
    link = tmp_path / "in/a/y.tfevents"
    link.symlink_to(outside)

    study = read(tmp_path / "in")

    assert study.trials[0].rows == ((0, "loss", 1.0),)
    assert f"`{link}` is a link out of the folder, and was not followed." in study.left_out


def test_a_folder_without_events_is_refused_with_the_way_out(tmp_path):
    with pytest.raises(ImportFileError, match=r"holds no event file .*`tensorboard --logdir`"):
        read(tmp_path)


def test_the_checksum_is_the_published_one():
    crc = 0xE3069283  # of "123456789", as RFC 3720 and every catalogue of checksums have it

    assert encoders.crc32c(b"123456789") == crc
    assert masked_crc(b"123456789") == ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
