package io.outboxworker.database;

/** The database did not answer in time, or refused the login; the message says which. */
public final class DatabaseUnreachable extends RuntimeException {
  DatabaseUnreachable(String why) {
    super(why);
  }
}
