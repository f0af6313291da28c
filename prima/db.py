"""The database: base class, Money, names of constraints, and one transaction per request."""

from __future__ import annotations

import enum
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from flask import Flask, Response, g, request
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.model import camel_to_snake_case
from sqlalchemy import BigInteger, Date, DateTime, Enum, Executable, Identity, MetaData, Numeric, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, declared_attr, mapped_column, registry

from prima import connections
from prima.errors import Conflict, Difference

Money = Annotated[Decimal, "money"]
"""An amount to the cent."""
Share = Annotated[Decimal, "share"]
"""A percentage with two decimals."""
Quantity = Annotated[Decimal, "quantity"]
Json = Annotated[dict[str, Any], "json"]
Key = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]

_names = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
_types = {
    str: Text(),
    int: BigInteger(),
    date: Date(),
    datetime: DateTime(timezone=True),
    Money: Numeric(18, 2),
    Share: Numeric(7, 4),
    Quantity: Numeric(14, 4),
    Json: JSONB(),
    enum.Enum: Enum(
        enum.Enum,
        native_enum=False,
        length=40,
        create_constraint=False,
        values_callable=lambda members: [member.value for member in members],
    ),
}


class Model(DeclarativeBase):
    """The base of every table. Relations are lazy="raise": queries decide what is loaded."""

    registry = registry(metadata=MetaData(naming_convention=_names), type_annotation_map=_types)

    @declared_attr.directive
    def __tablename__(cls) -> str:
        return camel_to_snake_case(cls.__name__)


db = SQLAlchemy(model_class=Model, disable_autonaming=True)


def check_version(row: Any, seen: int, *, who: str, typed: dict[str, tuple[str, str, str]] | None = None) -> None:
    """Raise Conflict when the row was saved since `seen`; `typed` maps a field to (label, now, typed)."""
    if row.version != seen:
        differences = [
            Difference(label, theirs, mine, name)
            for name, (label, theirs, mine) in (typed or {}).items()
            if theirs != mine
        ]
        raise Conflict(who, row.version, differences)


def keep() -> None:
    """Commit at the end of this request though its answer is a refusal (a failed sign-in is counted)."""
    g.keep_changes = True


def afterwards(statement: Executable) -> None:
    """Carry it out at the end of this request in a transaction of its own, whatever is answered.

    For what is noted of a session, which is the one thing that also a page writes that only reads.
    """
    g.setdefault("afterwards", []).append(statement)


def _carry_out_the_rest() -> None:
    if statements := g.pop("afterwards", ()):
        g.is_over = True
        for statement in statements:
            db.session.execute(statement, execution_options={"synchronize_session": False})
        db.session.commit()


def init_app(app: Flask) -> None:
    db.init_app(app)
    with app.app_context():
        connections.watch(db.engine)

    @app.after_request
    def finish(response: Response) -> Response:
        """Every POST is one transaction: it is kept when the answer is good, else undone."""
        if "sqlalchemy" in app.extensions and db.session.registry.has():
            written = request.method not in connections.READING and response.status_code < 400
            if written or g.get("keep_changes"):
                db.session.commit()
            else:
                db.session.rollback()
            _carry_out_the_rest()
        return response
