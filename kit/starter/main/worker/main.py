"""Process documents as they come in, until told to stop.

Run it in the production clone: `cd worker`, then `npm start`. Python reads this
file once, so a worker keeps the code that it was started with. After a
`git pull` it is still the old one until somebody restarts it.
"""

import json
import os
import signal
import sys
import time

import psycopg
from psycopg.rows import dict_row

# Count it up when the worker changes.
VERSION = "1"
RETRY_SECONDS = 1

CLAIM = """
    SELECT id, coalesce(title, file_name, 'Untitled') AS title
    FROM documents
    WHERE processing_status = 'pending'
    ORDER BY uploaded_at, id
    LIMIT 1
    FOR UPDATE SKIP LOCKED
"""
STORE = """
    INSERT INTO chunks (document_id, position, content) VALUES (%s, 0, %s)
    ON CONFLICT (document_id, position) DO UPDATE SET content = excluded.content
"""
COMPLETE = """
    UPDATE documents SET processing_status = 'completed', processing_completed_at = now()
    WHERE id = %s
"""


def say(event: str, **facts: str) -> None:
    """Print what happened as one line of JSON."""
    print(json.dumps({"event": event, "version": VERSION, **facts}), flush=True)


def process_one(connection: psycopg.Connection) -> bool:
    """Process the oldest document that waits; return False if none does.

    Claim, text and new status are one transaction: a worker that is stopped in
    between leaves the document as it was, for the next one.
    """
    with connection.transaction():
        document = connection.execute(CLAIM).fetchone()
        if document is None:
            return False
        text = f"{document['title']}, made readable by version {VERSION} of the worker."
        connection.execute(STORE, [document["id"], text])
        connection.execute(COMPLETE, [document["id"]])
    say("completed", document=str(document["id"]))
    return True


def work(connection: psycopg.Connection) -> None:
    """Process what waits, then wait to be told of more."""
    connection.execute("LISTEN pending_documents")
    failure = ""
    while True:
        try:
            while process_one(connection):
                failure = ""
        except psycopg.OperationalError:
            raise
        except psycopg.Error as error:
            # The schema may be ahead of this code. Say so once, then try again quietly.
            if failure != str(error):
                say_failed(error)
            failure = str(error)
        for _ in connection.notifies(timeout=RETRY_SECONDS, stop_after=1):
            pass


def say_failed(error: psycopg.Error) -> None:
    """Print what the database said."""
    say("failed", sqlstate=error.sqlstate or "", error=error.diag.message_primary or str(error))


def main() -> None:
    """Work, and connect again whenever the connection is lost."""
    if "DATABASE_URL" not in os.environ:
        sys.exit("Set DATABASE_URL to the database that the worker should use.")
    # SIGTERM stops the worker in the same way as Ctrl+C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    say("started")
    try:
        while True:
            try:
                with psycopg.connect(
                    os.environ["DATABASE_URL"],
                    autocommit=True,
                    prepare_threshold=None,
                    row_factory=dict_row,
                ) as connection:
                    work(connection)
            except psycopg.OperationalError as error:
                say_failed(error)
                time.sleep(RETRY_SECONDS)
    except KeyboardInterrupt:
        say("stopped")


if __name__ == "__main__":
    main()
