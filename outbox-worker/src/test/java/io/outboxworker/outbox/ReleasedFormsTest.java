package io.outboxworker.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.outboxworker.testing.EveryPostgres;
import io.outboxworker.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Producers need no upgrade: what any release told them to write works with this one. */
@EveryPostgres
class ReleasedFormsTest {
  private static final Path RELEASED = Path.of("src/test/resources/released");

  private final TestDatabase database;

  ReleasedFormsTest(TestDatabase.Version version) {
    database = TestDatabase.create(version);
  }

  @AfterEach
  void drop() {
    database.close();
  }

  @Test
  void every_form_of_every_release_publishes_as_a_producer() throws Exception {
    for (Path release : releases()) {
      database.exec("truncate webhooks.outbox");
      List<String> forms = forms(release);
      try (Connection connection = database.connection();
          Statement statement = connection.createStatement()) {
        statement.execute("set role webhooks_producer");
        for (String form : forms) {
          statement.execute(form);
        }
      }
      assertThat(database.number("select count(*) from webhooks.outbox"))
          .as(release.toString())
          .isEqualTo(forms.size());
    }
  }

  @Test
  void the_forms_of_this_release_are_kept_and_there_is_one_for_each_function() throws Exception {
    String text = Files.readString(releases().getLast());
    for (String function :
        database.texts(
            "select distinct proname::text from pg_proc where pronamespace ="
                + " 'webhooks'::regnamespace and (proname = 'publish' or proname like"
                + " 'trigger\\_%')")) {
      assertThat(text).contains("webhooks." + function + "(");
    }
  }

  private static List<Path> releases() throws IOException {
    try (Stream<Path> files = Files.list(RELEASED)) {
      List<Path> releases = files.sorted().toList();
      assertThat(releases).isNotEmpty();
      return releases;
    }
  }

  private static List<String> forms(Path release) throws IOException {
    String text =
        Files.readString(release)
            .lines()
            .filter(line -> !line.startsWith("--"))
            .collect(Collectors.joining("\n"));
    return Arrays.stream(text.split(";\n", -1))
        .map(String::strip)
        .filter(s -> !s.isEmpty())
        .toList();
  }
}
