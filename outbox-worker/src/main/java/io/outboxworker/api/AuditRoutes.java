package io.outboxworker.api;

import com.fasterxml.jackson.annotation.JsonRawValue;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/** Who changed what, when and from where: written by the database itself, and only read here. */
final class AuditRoutes implements Routes.Resource {
  /**
   * One change.
   *
   * @param actor the token's name, or the program and user that the database knows
   * @param subject the id of what was changed
   */
  record Entry(
      UUID id,
      Instant at,
      String actor,
      @Nullable String address,
      String action,
      @Nullable String subject,
      @JsonRawValue @Nullable String details) {}

  @Override
  public void addTo(Routes routes) {
    routes.query("/audit", AuditRoutes::list);
  }

  private static Answer list(Call call) {
    var parameters = call.parameters("limit", "cursor");
    var wanted = parameters.page();
    parameters.check();
    var found = page(call.database().jdbi(), call.tenantId(), wanted.before(), wanted.lookahead());
    return Answer.ok(Page.of(wanted, found, Entry::id, entry -> entry));
  }

  private static List<Entry> page(Jdbi jdbi, UUID tenantId, @Nullable UUID before, int limit) {
    return jdbi.withHandle(handle ->
        handle
            .createQuery(
                """
                select id, at, actor, address, action, subject, details::text as details from audit_log
                where tenant_id = :tenant and (:before::uuid is null or id < :before)
                order by id desc limit :limit
                """)
            .bind("tenant", tenantId)
            .bind("before", before)
            .bind("limit", limit)
            .map((row, context) ->
                new Entry(
                    row.getObject("id", UUID.class),
                    row.getTimestamp("at").toInstant(),
                    row.getString("actor"),
                    row.getString("address"),
                    row.getString("action"),
                    row.getString("subject"),
                    row.getString("details")))
            .list());
  }
}
