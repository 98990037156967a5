package io.outboxworker.database;

import org.jspecify.annotations.Nullable;

/**
 * Where a database is and who asks. {@code jdbcUrl} begins with {@code jdbc:postgresql:}; toString
 * shows neither password nor query parameters.
 */
public record DatabaseSettings(String jdbcUrl, @Nullable String user, @Nullable String password) {

  @Override
  public String toString() {
    return jdbcUrl.replaceAll("\\?.*", "");
  }
}
