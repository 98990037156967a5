package io.outboxworker.database;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Whose rows the current thread may see and change over the connections of {@link
 * Database#openForTenants}, and who will have done it. Outside of any scope such a connection sees
 * no tenant's rows at all, so that what forgets to say whose they are finds nothing.
 */
public final class TenantScope {
  private static final TenantScope NOBODY = new TenantScope(new UUID(0, 0).toString(), "", "");
  private static final TenantScope EVERY_TENANT = new TenantScope("", "", "");
  private static final ThreadLocal<@Nullable TenantScope> CURRENT = new ThreadLocal<>();

  private final String tenant;
  private final String actor;
  private final String address;

  private TenantScope(String tenant, String actor, String address) {
    this.tenant = tenant;
    this.actor = actor;
    this.address = address;
  }

  /**
   * Runs an action for one tenant.
   *
   * @param actor who acts, for the audit log
   * @param address where from, for the audit log
   */
  public static <T> T during(UUID tenantId, String actor, String address, Supplier<T> action) {
    return new TenantScope(tenantId.toString(), actor, address).run(action);
  }

  /** Runs an action that is for no tenant in particular, such as finding out whose a token is. */
  public static <T> T acrossTenants(Supplier<T> action) {
    return EVERY_TENANT.run(action);
  }

  /** Tells the connection whom the current thread works for. */
  static void tell(Connection connection) throws SQLException {
    TenantScope current = CURRENT.get();
    TenantScope scope = current == null ? NOBODY : current;
    try (PreparedStatement settings =
        connection.prepareStatement(
            """
            select set_config('webhooks.tenant', ?, false), set_config('webhooks.actor', ?, false),
              set_config('webhooks.address', ?, false)
            """)) {
      settings.setString(1, scope.tenant);
      settings.setString(2, scope.actor);
      settings.setString(3, scope.address);
      settings.execute();
    }
  }

  private <T> T run(Supplier<T> action) {
    TenantScope before = CURRENT.get();
    CURRENT.set(this);
    try {
      return action.get();
    } finally {
      if (before == null) {
        CURRENT.remove();
      } else {
        CURRENT.set(before);
      }
    }
  }
}
