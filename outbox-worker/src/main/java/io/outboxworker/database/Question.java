package io.outboxworker.database;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import javax.sql.DataSource;

/**
 * A small question that a worker with nothing to do asks all the time. It goes to the driver as it
 * is: through Jdbi it would cost several times as much, and that is what idling consists of.
 * Thread-safe.
 */
public final class Question {
  private final DataSource pool;
  private final String sql;

  /**
   * @param sql answers with a single row of one number
   */
  public Question(DataSource pool, String sql) {
    this.pool = pool;
    this.sql = sql;
  }

  /** The answer right now. */
  public long ask(Object... arguments) throws SQLException {
    try (Connection connection = pool.getConnection();
        PreparedStatement question = connection.prepareStatement(sql)) {
      for (int i = 0; i < arguments.length; i++) {
        question.setObject(i + 1, arguments[i]);
      }
      try (ResultSet answer = question.executeQuery()) {
        answer.next();
        return answer.getLong(1);
      }
    }
  }
}
