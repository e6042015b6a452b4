"""What is said of settings that cannot be meant as they are written."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from prismiq.settings import Settings


def test_a_time_zone_is_one_that_there_is() -> None:
    assert Settings(time_zone="Europe/Berlin").time_zone == "Europe/Berlin"
    with pytest.raises(ValidationError, match=r'There is no time zone "Berlin"\. Did you mean "Europe/Berlin"\?'):
        Settings(time_zone="Berlin")


def test_a_misspelled_argument_is_refused() -> None:
    with pytest.raises(ValidationError, match="share_scan_from"):
        Settings.model_validate({"share_scan_from": 5})


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("PRISMIQ_SHARE_SCAN_FROM", "PRISMIQ_SHARE_SCANS_FROM"),
        ("PRISMIQ_TIMEZONE", "PRISMIQ_TIME_ZONE"),
        ("prismiq_pool_size", "PRISMIQ_POOL_MIN_SIZE or PRISMIQ_POOL_MAX_SIZE"),
    ],
)
def test_a_misspelled_variable_is_warned_of(
    variable: str, meant: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(variable, "5")
    Settings()
    assert f"{variable} is no setting. Did you mean {meant}?" in caplog.messages


@pytest.mark.parametrize("variable", ["PRISMIQ_DATABASE_URL", "PRISMIQ_PORT", "PRISMIQ_ROW_CAP", "ROWCAP"])
def test_other_variables_are_left_alone(
    variable: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(variable, "5")
    Settings()
    assert caplog.messages == []
