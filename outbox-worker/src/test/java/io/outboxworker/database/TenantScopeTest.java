package io.outboxworker.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.outboxworker.testing.EveryPostgres;
import io.outboxworker.testing.TestDatabase;
import java.util.List;
import java.util.UUID;
import org.assertj.core.api.SoftAssertions;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What PostgreSQL itself lets the connections of {@link Database#openForTenants} see. */
@EveryPostgres
class TenantScopeTest {
  private static final UUID OURS = UUID.randomUUID();
  private static final UUID THEIRS = UUID.randomUUID();

  /** A row of each table that has tenants, {@code %s} being the tenant. */
  private static final List<String> ROWS =
      List.of(
          "insert into outbox (tenant_id, event, resource_id, data) values ('%s', 'a.b', 'r',"
              + " '{}')",
          "insert into delivery (tenant_id, event_id, subscription_id) values ('%s', uuid_v7(),"
              + " uuid_v7())",
          "insert into event_log (id, tenant_id, event, resource_type, resource_id, data,"
              + " occurred_at) values (uuid_v7(), '%s', 'a.b', 'a', 'r', '{}', now())",
          "insert into delivery_log (id, tenant_id, event_id, subscription_id, event, url, status,"
              + " attempts, created_at) values (uuid_v7(), '%s', uuid_v7(), uuid_v7(), 'a.b', 'u',"
              + " 'failed', 1, now())",
          "insert into subscription (tenant_id, url, event) values ('%s', 'https://a.example',"
              + " '*')",
          "insert into api_token (tenant_id, hash) values ('%s', sha256(uuid_send(uuid_v7())))",
          "insert into audit_log (tenant_id, actor, action) values ('%s', 'a', 'b')",
          "insert into idempotency_key (tenant_id, key, body_hash, event_id) values ('%s', 'k', '',"
              + " uuid_v7())",
          "insert into replay (tenant_id, since, until, status, total) values ('%s', now(), now(),"
              + " 'all', 0)");

  private final TestDatabase database;
  private final Database tenants;

  TenantScopeTest(TestDatabase.Version version) {
    database = TestDatabase.create(version);
    tenants = Database.openForTenants(database.settings(), "api", 2, null);
  }

  @BeforeEach
  void fill() {
    for (String row : ROWS) {
      database.exec("set search_path = webhooks; " + row.formatted(OURS));
      database.exec("set search_path = webhooks; " + row.formatted(THEIRS));
    }
  }

  @AfterEach
  void drop() {
    tenants.close();
    database.close();
  }

  @Test
  void every_table_with_a_tenant_and_every_partition_is_isolated_also_from_its_owner() {
    assertThat(tablesWithTenants()).hasSizeGreaterThan(ROWS.size() + 7);
    assertThat(
            database.texts(
                """
                select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid
                where c.relnamespace = 'webhooks'::regnamespace and c.relkind in ('r', 'p') and a.attname = 'tenant_id'
                  and not (c.relrowsecurity and c.relforcerowsecurity
                    and exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'tenant'))
                """))
        .isEmpty();
  }

  @Test
  void a_statement_without_where_sees_the_rows_of_its_own_tenant_alone() {
    SoftAssertions softly = new SoftAssertions();
    for (String table : tablesWithRows()) {
      String tenantsSeen = "select string_agg(distinct tenant_id::text, ',') from " + table;
      softly.assertThat(as(OURS, tenantsSeen)).as(table).isEqualTo(OURS.toString());
      softly
          .assertThat(
              as(OURS, "select count(*) from %s where tenant_id = '%s'".formatted(table, THEIRS)))
          .as(table)
          .isEqualTo("0");
      softly.assertThat(outsideOfAScope("select count(*) from " + table)).as(table).isEqualTo("0");
      softly
          .assertThat(
              TenantScope.acrossTenants(
                  () -> text("select count(distinct tenant_id) from " + table)))
          .as(table)
          .isEqualTo("2");
    }
    softly.assertAll();
  }

  @Test
  void a_change_without_where_changes_the_rows_of_its_own_tenant_alone() {
    for (String table : tablesWithRows()) {
      if (table.equals("audit_log")) {
        continue;
      }
      TenantScope.during(
          OURS,
          "a",
          "b",
          () -> tenants.jdbi().withHandle(handle -> handle.execute("delete from " + table)));
      assertThat(database.texts("select tenant_id from webhooks." + table))
          .as(table)
          .containsExactly(THEIRS.toString());
    }
    as(
        OURS,
        "insert into replay (tenant_id, since, until, status, total) values ('%s', now(), now(), 'all', 0) returning 1"
            .formatted(OURS));
    assertThatThrownBy(
            () -> as(OURS, "update replay set tenant_id = '%s' returning 1".formatted(THEIRS)))
        .hasMessageContaining("row-level security");
  }

  @Test
  void nothing_is_written_in_another_tenants_name() {
    for (String row : ROWS) {
      if (!row.contains("into audit_log")) {
        assertThatThrownBy(() -> as(OURS, row.formatted(THEIRS) + " returning 1"))
            .as(row)
            .hasMessageContaining("row-level security");
      }
    }
  }

  @Test
  void a_new_partition_is_isolated_and_no_tenant_can_make_or_drop_one() {
    String name =
        TenantScope.acrossTenants(
            () -> text("select add_log_partition('event_log', current_date + 30)"));
    assertThat(
            database.number(
                "select count(*) from pg_policy where polrelid = 'webhooks.%s'::regclass"
                    .formatted(name)))
        .isEqualTo(1);
    for (String call :
        List.of(
            "select add_log_partition('event_log', current_date + 31)",
            "select drop_log_partition('event_log', '%s')".formatted(name))) {
      assertThatThrownBy(() -> as(OURS, call)).hasMessageContaining("sees one tenant");
    }
  }

  @Test
  void a_connection_for_tenants_is_no_superuser_and_changes_no_schema() {
    assertThat(outsideOfAScope("select current_user")).isEqualTo("webhooks_worker");
    assertThatThrownBy(() -> as(OURS, "create table webhooks.mine ()"))
        .hasMessageContaining("permission denied");
  }

  @Test
  void scopes_end_and_nest() {
    assertThat(as(OURS, "select current_setting('webhooks.actor')")).isEqualTo("somebody");
    assertThat(outsideOfAScope("select current_setting('webhooks.actor')")).isEmpty();
    String inner =
        TenantScope.acrossTenants(() ->
            as(THEIRS, "select current_setting('webhooks.tenant')")
                + text("select current_setting('webhooks.tenant')"));
    assertThat(inner).isEqualTo(THEIRS.toString());
  }

  @Test
  void the_owner_of_the_tables_sees_all_where_no_tenant_is_set() {
    database.exec("create role owner_%1$s; grant owner_%1$s to current_user".formatted(suffix()));
    try (Handle handle = database.jdbi().open()) {
      handle.execute("grant usage on schema webhooks to owner_" + suffix());
      handle.execute("alter table webhooks.replay owner to owner_" + suffix());
      handle.execute("set role owner_" + suffix());
      assertThat(count(handle)).isEqualTo(2);
      handle.execute("set webhooks.tenant = '%s'".formatted(OURS));
      assertThat(count(handle)).isEqualTo(1);
      handle.execute("reset role");
      handle.execute("alter table webhooks.replay owner to postgres");
      handle.execute("drop owned by owner_" + suffix());
      handle.execute("drop role owner_" + suffix());
    }
  }

  private static long count(Handle handle) {
    return handle.createQuery("select count(*) from webhooks.replay").mapTo(long.class).one();
  }

  private String suffix() {
    return OURS.toString().substring(0, 8);
  }

  private List<String> tablesWithTenants() {
    return database.texts(
        """
        select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = 'webhooks'::regnamespace and c.relkind in ('r', 'p') and a.attname = 'tenant_id'
        """);
  }

  private List<String> tablesWithRows() {
    return ROWS.stream().map(row -> row.split(" ", 4)[2]).toList();
  }

  private String as(UUID tenant, String sql) {
    return TenantScope.during(tenant, "somebody", "192.0.2.7", () -> text(sql));
  }

  private String outsideOfAScope(String sql) {
    return text(sql);
  }

  private String text(String sql) {
    return tenants.jdbi().withHandle(handle -> handle.createQuery(sql).mapTo(String.class).one());
  }
}
