"""Judge a folder of migrations before a deploy, without a database: `report.review` does it.

Nothing is imported here: who only names an order, as every notebook does, goes without PostgreSQL's grammar
and 7 MB.
"""
