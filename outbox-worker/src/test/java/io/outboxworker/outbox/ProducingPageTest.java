package io.outboxworker.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.outboxworker.testing.EveryPostgres;
import io.outboxworker.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Holds docs/producing.md to what the database does. */
@EveryPostgres
class ProducingPageTest {
  private static final Path PRODUCER = Path.of("../sql/producer");

  private final TestDatabase database;

  ProducingPageTest(TestDatabase.Version version) {
    this.database = TestDatabase.create(version);
  }

  @AfterEach
  void drop() {
    database.close();
  }

  @Test
  void every_statement_of_the_page_runs() throws Exception {
    List<String> blocks = matches("(?ms)^```sql\\n(.*?)^```$", page());
    assertThat(blocks).hasSizeGreaterThan(5);
    String shop = Files.readString(PRODUCER.resolve("shop.sql"));
    for (String block : blocks) {
      try (Connection connection = database.connection();
          Statement statement = connection.createStatement()) {
        connection.setAutoCommit(false);
        statement.execute(shop);
        statement.execute(block.replace("begin;", "").replace("commit;", ""));
        connection.rollback();
      }
    }
  }

  @Test
  void every_check_of_the_outbox_is_explained() throws IOException {
    assertThat(OutboxChecksTest.checks(database)).isNotEmpty();
    assertThat(page()).contains(OutboxChecksTest.checks(database));
  }

  @Test
  void every_trigger_function_is_shown_with_the_data_that_it_makes() throws IOException {
    String calls = Files.readString(PRODUCER.resolve("psql/trigger-functions.sql"));
    assertThat(page()).contains(matches("(?m)^-- (\\{.*\\})$", calls));
    assertThat(page())
        .contains(
            database.texts(
                """
                select format('| `%s` |', proname) from pg_proc
                where pronamespace = 'webhooks'::regnamespace and proname like 'trigger\\_%'
                """));
  }

  private static String page() throws IOException {
    return Files.readString(Path.of("../docs/producing.md"));
  }

  private static List<String> matches(String pattern, String text) {
    return Pattern.compile(pattern).matcher(text).results().map(match -> match.group(1)).toList();
  }
}
