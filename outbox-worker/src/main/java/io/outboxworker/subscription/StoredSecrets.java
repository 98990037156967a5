package io.outboxworker.subscription;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;

/** The signing secrets of one database as a whole, whoever they belong to. Thread-safe. */
public final class StoredSecrets {
  private final Jdbi jdbi;
  private final KeyRing keys;

  public StoredSecrets(Jdbi jdbi, KeyRing keys) {
    this.jdbi = jdbi;
    this.keys = keys;
  }

  /** Whether the key ring opens one of the newest secrets that are stored, or there is none. */
  public boolean keysFit() {
    List<Boolean> opened =
        jdbi.withHandle(handle ->
            handle
                .createQuery(
                    """
                    select tenant_id, id, secret from subscription
                    where secret is not null order by id desc limit 20
                    """)
                .map((stored, context) -> opens(stored))
                .list());
    return opened.isEmpty() || opened.contains(true);
  }

  private boolean opens(ResultSet stored) throws SQLException {
    try {
      keys.open(
          stored.getObject("tenant_id", UUID.class),
          stored.getObject("id", UUID.class),
          stored.getBytes("secret"));
      return true;
    } catch (KeyRing.SecretNotOpened e) {
      return false;
    }
  }
}
