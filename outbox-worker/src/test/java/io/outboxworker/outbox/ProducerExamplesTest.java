package io.outboxworker.outbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.outboxworker.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs the examples of sql/producer as a role that may do what a producer may. Each commits four
 * transactions with an event, and a fifth that fails at its commit, after it published.
 */
class ProducerExamplesTest {
  private static final Path EXAMPLES = Path.of("../sql/producer").toAbsolutePath().normalize();
  private static final Path INSTALLED = Path.of("../target/ci").toAbsolutePath().normalize();
  private static final String APPLICATION = "shop_application";

  private final TestDatabase database = TestDatabase.create();

  @TempDir private Path folder;

  @BeforeEach
  void open_the_shop() throws IOException {
    database.exec(Files.readString(EXAMPLES.resolve("shop.sql")));
    database.exec(
        """
        do $$ begin
          create role %1$s login in role webhooks_producer;
        exception when duplicate_object then null; end $$;
        grant usage on schema shop to %1$s;
        grant select, insert, update on all tables in schema shop to %1$s
        """
            .formatted(APPLICATION));
  }

  @AfterEach
  void drop() {
    database.close();
  }

  @Test
  void psycopg() throws Exception {
    String python = python("psycopg");
    run(python, example("psycopg/shop.py"), database.psqlUrl(APPLICATION));
    assert_that_what_was_committed_was_published_and_nothing_else();
  }

  @Test
  void sqlalchemy() throws Exception {
    String python = python("psycopg, sqlalchemy");
    run(python, example("sqlalchemy/shop.py"), database.psqlUrl(APPLICATION));
    assert_that_what_was_committed_was_published_and_nothing_else();
  }

  @Test
  void node() throws Exception {
    assumeThat(exits("node", "-e", "require('pg')"))
        .as(
            "node with the package pg; to install it: npm install --prefix target/ci --no-save"
                + " pg@8")
        .isTrue();
    run("node", example("node/shop.js"), database.psqlUrl(APPLICATION));
    assert_that_what_was_committed_was_published_and_nothing_else();
  }

  @Test
  void jdbc() throws Exception {
    java(example("jdbc/Shop.java"));
    assert_that_what_was_committed_was_published_and_nothing_else();
  }

  @Test
  void spring() throws Exception {
    java(example("spring/Shop.java"));
    assert_that_what_was_committed_was_published_and_nothing_else();
  }

  private void assert_that_what_was_committed_was_published_and_nothing_else() {
    assertThat(database.texts("select id from shop.payment")).containsExactly("pay-1");
    assertThat(
            database.texts(
                """
                select concat_ws(' ', tenant_id, event, resource_id, replace(data::text, ' ', ''))
                from webhooks.outbox order by event
                """))
        .containsExactly(
            event("customer.created", "cus-1")
                + "{'customer_id':'cus-1','customer_name':'ZoëBrontë','customer_email':'zoe@example.com'}"
                    .replace('\'', '"'),
            event("payment.received", "pay-1")
                + "{'payment_id':'pay-1','invoice_id':'inv-1','amount':'1500.00','currency':'EUR'}"
                    .replace('\'', '"'),
            event("sales_order.created", "ord-1")
                + "{'order_id':'ord-1','order_number':'SO-1','customer_id':'cus-1','amount':'99.90','currency':'EUR','items_count':3}"
                    .replace('\'', '"'),
            event("sales_order.shipped", "ord-1")
                + "{'order_id':'ord-1','parcels':2}".replace('\'', '"'));
  }

  private static String event(String name, String resourceId) {
    return "0190a5b2-0000-7000-8000-000000000001 " + name + " " + resourceId + " ";
  }

  private static String example(String file) {
    return EXAMPLES.resolve(file).toString();
  }

  /** Returns a Python that has these packages, or skips the test. */
  private String python(String packages) throws Exception {
    for (String python :
        new String[] {INSTALLED.resolve("venv/bin/python").toString(), "python3"}) {
      if (exits(python, "-c", "import " + packages)) {
        return python;
      }
    }
    assumeThat(false)
        .as("python3 with %s; to install it: .ci/run, or pip install -r requirements.txt", packages)
        .isTrue();
    throw new IllegalStateException("skipped");
  }

  private void java(String source) throws Exception {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String classes = System.getProperty("java.class.path");
    run(java, "-cp", classes, source, database.jdbcUrl(APPLICATION));
  }

  private void run(String... command) throws Exception {
    Path output = folder.resolve("output");
    Process process = start(output, command);
    try {
      assertThat(process.waitFor(3, TimeUnit.MINUTES)).as("ends within three minutes").isTrue();
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.exitValue()).as(Files.readString(output)).isZero();
    assertThat(output).content().contains("no payment, and so no event");
  }

  private boolean exits(String... command) throws InterruptedException {
    try {
      Process process = start(folder.resolve("ignored"), command);
      return process.waitFor(1, TimeUnit.MINUTES) && process.exitValue() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  private static Process start(Path output, String... command) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
    builder
        .environment()
        .putAll(
            Map.of(
                "NODE_PATH",
                INSTALLED.resolve("node_modules").toString(),
                "PYTHONDONTWRITEBYTECODE",
                "1"));
    return builder.start();
  }
}
