package io.outboxworker.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.outboxworker.testing.EveryPostgres;
import io.outboxworker.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.postgresql.util.PSQLException;

/** The role webhooks_producer may publish, learn the id of what it published, and nothing else. */
@EveryPostgres
class ProducerRoleTest {
  private static final String INSERT =
      """
      insert into webhooks.outbox (tenant_id, event, resource_id, data)
      values ('0190a5b2-0000-7000-8000-000000000001', 'a.b', 'r-1', '{}')
      """;

  private static final List<String> ALLOWED =
      List.of(
          INSERT,
          INSERT + "returning id",
          INSERT + "on conflict (id) do nothing",
          "insert into webhooks.outbox (id, tenant_id, event, resource_type, resource_id, data,"
              + " traceparent, occurred_at) values ('0190a5b2-7f3e-7c1a-9b2d-3f4e5a6b7c8d',"
              + " gen_random_uuid(), 'a.b', 'a', 'r', '{}', null, now()) returning id",
          "select webhooks.publish('0190a5b2-0000-7000-8000-000000000001', 'a.b', 'r-1', '{}')",
          "select webhooks.publish('0190a5b2-0000-7000-8000-000000000001'::uuid, 'a.b', 'r-1',"
              + " '{}'::text)",
          "select webhooks.publish('0190a5b2-0000-7000-8000-000000000001', 'a.b', 'r-1',"
              + " '{}'::json)",
          "select webhooks.trigger_invoice_sent('0190a5b2-0000-7000-8000-000000000001', 'inv-1')");

  private static final List<String> DENIED =
      List.of(
          "select * from webhooks.outbox",
          "select data from webhooks.outbox",
          INSERT + "returning *",
          INSERT + "returning occurred_at",
          "update webhooks.outbox set event = 'x.y'",
          "delete from webhooks.outbox",
          "truncate webhooks.outbox",
          "select 1 from webhooks.delivery",
          "select 1 from webhooks.event_log",
          "select 1 from webhooks.delivery_log",
          "select 1 from webhooks.subscription",
          "select 1 from webhooks.api_token",
          "insert into webhooks.subscription (tenant_id, url, event) values (gen_random_uuid(),"
              + " 'https://a.b', '*')",
          "select webhooks.member('a', 'b'::text)",
          "select webhooks.publish_members(gen_random_uuid(), 'a.b', 'id', '1', null)",
          "select webhooks.add_log_partition('event_log', current_date)",
          "create table webhooks.mine ()");

  private final TestDatabase database;

  ProducerRoleTest(TestDatabase.Version version) {
    this.database = TestDatabase.create(version);
  }

  @AfterEach
  void drop() {
    database.close();
  }

  @Test
  void a_producer_may_insert_and_run_the_functions() throws SQLException {
    for (String statement : ALLOWED) {
      asProducer(statement);
    }
    assertThat(database.number("select count(*) from webhooks.outbox")).isEqualTo(ALLOWED.size());
  }

  @Test
  void a_producer_may_do_nothing_else() {
    SoftAssertions softly = new SoftAssertions();
    for (String statement : DENIED) {
      softly
          .assertThatThrownBy(() -> asProducer(statement))
          .as(statement)
          .isInstanceOfSatisfying(
              PSQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("42501"));
    }
    softly.assertAll();
  }

  @Test
  void a_producer_may_read_back_ids_and_nothing_else() throws SQLException {
    asProducer(INSERT + "; select id from webhooks.outbox");
    assertThat(
            database.texts(
                """
                select c.relname || ' ' || p from pg_class c, unnest(array['select', 'insert', 'update', 'references']) p
                where c.relnamespace = 'webhooks'::regnamespace and c.relkind in ('r', 'p', 'v')
                  and has_any_column_privilege('webhooks_producer', c.oid, p)
                union all
                select c.relname || ' ' || p from pg_class c, unnest(array['select', 'delete', 'truncate', 'trigger']) p
                where c.relnamespace = 'webhooks'::regnamespace and c.relkind in ('r', 'p', 'v')
                  and has_table_privilege('webhooks_producer', c.oid, p)
                union all
                select 'read ' || attname from pg_attribute
                where attrelid = 'webhooks.outbox'::regclass and attnum > 0
                  and has_column_privilege('webhooks_producer', attrelid, attnum, 'select')
                order by 1
                """))
        .containsExactly("outbox insert", "outbox select", "read id");
  }

  @Test
  void a_producer_may_run_the_publishing_functions_and_nothing_else() {
    assertThat(
            database.texts(
                """
                select proname from pg_proc where pronamespace = 'webhooks'::regnamespace
                  and has_function_privilege('webhooks_producer', oid, 'execute')
                """))
        .hasSize(3 + 17 + 1)
        .allMatch(name ->
            name.equals("publish") || name.equals("uuid_v7") || name.startsWith("trigger_"));
  }

  @Test
  void the_public_may_run_nothing() {
    assertThat(
            database.texts(
                """
                select proname from pg_proc
                where pronamespace = 'webhooks'::regnamespace and exists (
                  select from aclexplode(coalesce(proacl, acldefault('f', proowner)))
                  where grantee = 0)
                """))
        .isEmpty();
  }

  @Test
  void what_producers_run_is_security_definer_with_a_fixed_search_path() {
    assertThat(
            database.texts(
                """
                select proname from pg_proc
                where pronamespace = 'webhooks'::regnamespace and (proname = 'publish' or proname like 'trigger\\_%')
                  and not (prosecdef and proconfig @> array['search_path=webhooks, pg_temp'])
                """))
        .isEmpty();
  }

  private void asProducer(String sql) throws SQLException {
    try (Connection connection = database.connection();
        Statement statement = connection.createStatement()) {
      statement.execute("set role webhooks_producer");
      statement.execute(sql);
    }
  }
}
