"""What several pages, reports and sheets count, said once in SQL: beneficiaries reached, and months of extensions."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Integer, case, cast, extract, func, literal_column, select

from prima.projects.models import Extension
from prima.reporting.calendar import FINAL
from prima.reporting.models import Deadline, Reached, Report
from prima.reporting.steps import IN


def reached_by_group(*which: ColumnElement[bool]) -> Any:
    """By `group_id` the `number` reached of each planned group, from the reports handed in; the twin of
    monitoring.reached: reports add up, and a final one stands for all before it.

    `which`: conditions on Deadline, such as those of its project.
    """
    order = func.row_number().over(partition_by=Reached.beneficiaries_id, order_by=(Deadline.due_on, Deadline.id))
    told = (
        select(
            Reached.beneficiaries_id.label("group_id"),
            Reached.number,
            order.label("place"),
            Deadline.kind.in_(FINAL).label("is_final"),
        )
        .join(Report, Report.id == Reached.report_id)
        .join(Deadline, Deadline.id == Report.deadline_id)
        .where(Report.state.in_(IN), *which)
        .subquery("told")
    )
    last = func.max(case((told.c.is_final, told.c.place))).over(partition_by=told.c.group_id)
    counted_from = select(told, func.coalesce(last, 0).label("last")).subquery("counted_from")
    query = select(counted_from.c.group_id, func.sum(counted_from.c.number).label("number"))
    return query.where(counted_from.c.place >= counted_from.c.last).group_by(counted_from.c.group_id).subquery("came")


def added_months() -> Any:
    """The whole months by which an extension moves the end, counted as everywhere from the day after it."""
    old, new = Extension.old_end + 1, Extension.new_end + 1
    length = extract("day", func.date_trunc("month", new) + literal_column("interval '1 month - 1 day'"))
    apart = (extract("year", new) - extract("year", old)) * 12 + extract("month", new) - extract("month", old)
    short = extract("day", new) < func.least(extract("day", old), length)
    return cast(apart - case((short, 1), else_=0), Integer)
