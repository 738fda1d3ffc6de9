from __future__ import annotations

import pytest

from etude.playbook.catalogue import entry_names
from etude.playbook.library_calls import library_call, library_calls
from etude.playbook.problems import of_optimizer


@pytest.mark.parametrize("name", library_calls())
def test_a_call_speaks_in_names_of_the_catalogue(name):
    call = library_calls()[name]
    handed = {entry for entries in call.arguments.values() for entry in entries}

    assert handed - {*entry_names()} == set()
    assert call.defaults.keys() - handed == set()
    assert of_optimizer(call.optimizer)


def test_keras_is_the_same_inside_of_tensorflow():
    assert library_call("tensorflow.keras.optimizers.SGD") == library_call("keras.optimizers.SGD")
