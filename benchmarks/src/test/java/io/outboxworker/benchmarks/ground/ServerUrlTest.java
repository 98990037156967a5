package io.outboxworker.benchmarks.ground;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.outboxworker.cli.CommandFailed;
import io.outboxworker.cli.CommandMisused;
import java.util.Objects;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.Driver;

final class ServerUrlTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "postgresql://me:secret@127.0.0.1:5432",
        "postgres://me:secret@127.0.0.1:5432/",
        "postgresql://me:secret@127.0.0.1:5432/postgres"
      })
  void every_run_has_a_database_of_its_own_on_the_server_that_was_named(String text) {
    ServerUrl server = new ServerUrl(text);

    assertThat(server.url("run_1")).isEqualTo("postgresql://me:secret@127.0.0.1:5432/run_1");
    assertThat(server.jdbcUrl("run_1"))
        .isEqualTo("jdbc:postgresql://127.0.0.1:5432/run_1?user=me&password=secret");
  }

  @Test
  void what_a_password_may_hold_reaches_every_driver_as_it_was_meant() {
    ServerUrl server = new ServerUrl("postgresql://a%40b:p+q%26%2F%25@[::1]:5432");

    assertThat(server.url("run_1")).isEqualTo("postgresql://a%40b:p+q%26%2F%25@[::1]:5432/run_1");
    Properties read =
        Objects.requireNonNull(Driver.parseURL(server.jdbcUrl("run_1"), new Properties()));
    assertThat(read.getProperty("user")).isEqualTo("a@b");
    assertThat(read.getProperty("password")).isEqualTo("p+q&/%");
    assertThat(read.getProperty("PGDBNAME")).isEqualTo("run_1");
  }

  @Test
  void what_is_wrong_with_a_url_is_told_without_its_password() {
    assertThatThrownBy(() -> new ServerUrl("postgresql://me:hunter2%zz@127.0.0.1:5432"))
        .isInstanceOf(CommandMisused.class)
        .hasMessage("the server's URL has a % that is not followed by two hex digits");
    assertThatThrownBy(() -> new ServerUrl("postgresql://me@127.0.0.1:5432"))
        .hasMessage("the server is given as postgresql://user:password@host:port");
  }

  @Test
  void a_server_that_is_not_there_is_told_in_a_sentence() {
    assertThatThrownBy(() -> new ServerUrl("postgresql://me:hunter2@127.0.0.1:1").reach("postgres"))
        .isInstanceOf(CommandFailed.class)
        .hasMessageContaining("the server can't be reached: Connection to 127.0.0.1:1 refused")
        .hasMessageNotContaining("hunter2");
  }

  @Test
  void what_is_no_url_of_a_superuser_is_refused_with_the_form_that_is_wanted() {
    assertThatThrownBy(() -> new ServerUrl("127.0.0.1:5432"))
        .isInstanceOf(CommandMisused.class)
        .hasMessage("the server is given as postgresql://user:password@host:port");
  }
}
