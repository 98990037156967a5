package io.outboxworker.database;

/** A migration could not be applied; the message says why, the database is as before it. */
public final class MigrationFailed extends RuntimeException {
  MigrationFailed(String why, Throwable cause) {
    super(why, cause);
  }
}
