-- Finds the retries that fell due, all of a moment with one statement. Rows that wait for no retry are not in it, so a
-- delivery that works on its first attempt costs nothing more.
create index delivery_due on webhooks.delivery (next_attempt_at) where next_attempt_at is not null;
