"""Editions of tests: published as the operator does it."""

import pytest

from prima.db import db


@pytest.fixture
def publish(app, tmp_path):
    def run(text: str) -> None:
        file = tmp_path / "edition.toml"
        file.write_text(text, encoding="utf-8")
        db.session.commit()
        done = app.test_cli_runner().invoke(args=["handbook", "publish", str(file)])
        assert done.exit_code == 0, done.output
        db.session.expire_all()

    return run
