-- Tell the worker about a new document, so that it need not ask all the time.
CREATE FUNCTION announce_pending_document() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('pending_documents', NEW.id::text);
  RETURN NULL;
END;
$$;

CREATE TRIGGER announce_pending_document
  AFTER INSERT OR UPDATE OF processing_status ON documents
  FOR EACH ROW WHEN (NEW.processing_status = 'pending')
  EXECUTE FUNCTION announce_pending_document();
