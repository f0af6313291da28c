"""What others read: deadlines, reports, reminders, figures and workbooks."""
