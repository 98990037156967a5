package io.outboxworker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Objects;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postgresql.Driver;

class DatabaseUrlTest {

  @Test
  void a_url_becomes_a_jdbc_url_and_credentials() {
    var url = DatabaseUrl.parse("postgresql://shop:secret@db.example:5433/orders");
    assertThat(url.settings().jdbcUrl()).isEqualTo("jdbc:postgresql://db.example:5433/orders");
    assertThat(url.settings().user()).isEqualTo("shop");
    assertThat(url.settings().password()).isEqualTo("secret");
    assertThat(url.hosts()).singleElement().hasToString("db.example/<unresolved>:5433");
  }

  @ParameterizedTest
  @CsvSource({
    "postgresql://db/orders, jdbc:postgresql://db:5432/orders",
    "postgres://db/orders, jdbc:postgresql://db:5432/orders",
    "jdbc:postgresql://db/orders, jdbc:postgresql://db:5432/orders",
    "'postgresql://h1:5433,h2/orders', 'jdbc:postgresql://h1:5433,h2:5432/orders'",
    "postgresql://[::1]:5433/orders, jdbc:postgresql://[::1]:5433/orders",
    "postgresql://[2001:db8::7]/orders, jdbc:postgresql://[2001:db8::7]:5432/orders",
    "postgresql://10.0.0.7/orders?sslmode=require,"
        + " jdbc:postgresql://10.0.0.7:5432/orders?sslmode=require",
    "postgresql://db/o?connect_timeout=3&target_session_attrs=read-write,"
        + " jdbc:postgresql://db:5432/o?connectTimeout=3&targetServerType=primary",
    "postgresql://db/o?options=-c%20a%3Db, jdbc:postgresql://db:5432/o?options=-c+a%3Db",
    "jdbc:postgresql://db/o?options=-c+a%3Db, jdbc:postgresql://db:5432/o?options=-c+a%3Db",
  })
  void hosts_ports_and_parameters_are_kept(String text, String jdbc) {
    var settings = DatabaseUrl.parse(text).settings();
    assertThat(settings.jdbcUrl()).isEqualTo(jdbc);
    assertThat(settings.user()).isNull();
    assertThat(settings.password()).isNull();
  }

  @Test
  void percent_forms_are_decoded_in_credentials_and_a_plus_stays() {
    var settings =
        DatabaseUrl.parse("postgresql://a%40b:p%3A%2F%3F%25+%C3%A9@db/orders").settings();
    assertThat(settings.user()).isEqualTo("a@b");
    assertThat(settings.password()).isEqualTo("p:/?%+é");
  }

  @Test
  void credentials_of_the_jdbc_form_leave_the_url() {
    var settings =
        DatabaseUrl.parse("jdbc:postgresql://db/orders?user=shop&password=a%26b&sslmode=require")
            .settings();
    assertThat(settings.user()).isEqualTo("shop");
    assertThat(settings.password()).isEqualTo("a&b");
    assertThat(settings.jdbcUrl()).isEqualTo("jdbc:postgresql://db:5432/orders?sslmode=require");
  }

  @Test
  void the_driver_reads_what_was_meant() {
    var url =
        DatabaseUrl.parse("postgresql://[::1]:5433,h2/my%20shop+1?application_name=a%26b%20c");
    var properties =
        Objects.requireNonNull(Driver.parseURL(url.settings().jdbcUrl(), new Properties()));
    assertThat(properties.getProperty("PGHOST")).isEqualTo("[::1],h2");
    assertThat(properties.getProperty("PGPORT")).isEqualTo("5433,5432");
    assertThat(properties.getProperty("PGDBNAME")).isEqualTo("my shop+1");
    assertThat(properties.getProperty("ApplicationName")).isEqualTo("a&b c");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "mysql://db/orders                         | is not a PostgreSQL URL",
        "db:5432/orders                            | is not a PostgreSQL URL",
        "jdbc:postgresql:orders                    | is not a PostgreSQL URL",
        "postgresql://u:p@ss@db/orders             | is not a PostgreSQL URL",
        "postgresql://u:p/ss@db/orders             | is not a PostgreSQL URL",
        "postgresql://db                           | names no database",
        "postgresql://db/                          | names no database",
        "postgresql:///orders                      | names no host",
        "postgresql://u:p@/orders                  | names no host",
        "postgresql://h1,,h2/orders                | names no host",
        "postgresql://db:0/orders                  | has a port outside 1 to 65535",
        "postgresql://db:70000/orders              | has a port outside 1 to 65535",
        "postgresql://db:x/orders                  | has a host that is no name",
        "postgresql://d b/orders                   | has a host that is no name",
        "postgresql://u:%zz@db/orders              | has a % that is not followed by two hex"
            + " digits",
        "postgresql://db/orders?sslmode            | has a parameter without a value",
        "postgresql://db/orders?host=/run/pg       | has the parameter host, which belongs before"
            + " the ?",
        "postgresql://db/o?target_session_attrs=standby | asks for a server that only reads",
      })
  void what_can_not_be_meant_is_refused(String text, String message) {
    assertThatThrownBy(() -> DatabaseUrl.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(message)
        .hasNoCause();
  }
}
