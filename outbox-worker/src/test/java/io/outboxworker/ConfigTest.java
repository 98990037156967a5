package io.outboxworker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.outboxworker.Config.Need;
import io.outboxworker.InvalidConfig.Fault;
import io.outboxworker.api.JwtRules;
import io.outboxworker.database.DatabaseSettings;
import io.outboxworker.subscription.KeyRing;
import io.outboxworker.webhook.Cidr;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigTest {

  private static final String KEYS = KeyRing.generate();
  private static final Map<String, String> ENOUGH =
      Map.of("OUTBOX_DATABASE_URL", "postgresql://shop:pw@db:5433/orders", "OUTBOX_KEYS", KEYS);

  @TempDir Path folder;

  @Test
  void the_defaults_are_those_of_the_contract() {
    var config = Config.read(ENOUGH, Need.DATABASE, Need.KEYS);
    assertThat(config.databases()).containsOnlyKeys("main");
    assertThat(config.poolSize()).isEqualTo(8);
    assertThat(config.http()).isEqualTo(new Config.Http("0.0.0.0", 8000, null));
    assertThat(config.endpoints().allowHttp()).isFalse();
    assertThat(config.endpoints().allowedNetworks()).isEmpty();
    assertThat(config.endpoints().allowedPorts()).containsExactly(443);
    assertThat(config.endpoints().proxy()).isNull();
    assertThat(config.endpoints().caFile()).isNull();
    assertThat(config.endpoints().verify()).isFalse();
    assertThat(config.attempts())
        .isEqualTo(
            new Config.Attempts(
                "gestiqcloud",
                List.of(Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofSeconds(4)),
                Duration.ofSeconds(10),
                Duration.ofDays(5),
                Duration.ofMillis(50),
                2048,
                64));
    assertThat(config.api()).isEqualTo(new Config.Api(20, null, List.of()));
    assertThat(config.retention().events()).isEqualTo(Duration.ofDays(30));
    assertThat(config.metricsTenantLabel()).isTrue();
    assertThat(config.shutdownTimeout()).isEqualTo(Duration.ofSeconds(15));
    assertThat(config.logging()).isEqualTo(new Logging("text", "info"));
    assertThat(config.warnings()).isEmpty();
  }

  @Test
  void every_setting_can_be_set() {
    var config =
        Config.read(
            with(
                "OUTBOX_DATABASE_POOL_SIZE", "20",
                "OUTBOX_HTTP_ADDRESS", "::1",
                "OUTBOX_HTTP_PORT", "0",
                "OUTBOX_ADMIN_PORT", "9000",
                "OUTBOX_ALLOW_HTTP", "true",
                "OUTBOX_ALLOWED_NETWORKS", "10.0.0.0/8, fd00::/8",
                "OUTBOX_EGRESS_PROXY", "http://proxy:3128",
                "OUTBOX_CA_FILE", file("ca.pem", "x"),
                "OUTBOX_VERIFY_ENDPOINTS", "true",
                "OUTBOX_SOURCE", "shop",
                "OUTBOX_RETRY_DELAYS", "5s,1m,10m,1h,6h",
                "OUTBOX_ATTEMPT_TIMEOUT", "250ms",
                "OUTBOX_DISABLE_AFTER", "12h",
                "OUTBOX_POLL_INTERVAL", "1s",
                "OUTBOX_MAX_IN_FLIGHT", "100",
                "OUTBOX_MAX_IN_FLIGHT_PER_SUBSCRIPTION", "100",
                "OUTBOX_RETENTION", "7d",
                "OUTBOX_API_REQUESTS_PER_SECOND", "1000000",
                "OUTBOX_JWT_JWKS_URL", "https://id.example/jwks",
                "OUTBOX_JWT_TENANT_CLAIM", "org",
                "OUTBOX_JWT_ISSUER", "https://id.example",
                "OUTBOX_JWT_AUDIENCE", "webhooks",
                "OUTBOX_API_ALLOWED_ORIGINS", "https://shop.example",
                "OUTBOX_METRICS_TENANT_LABEL", "false",
                "OUTBOX_SHUTDOWN_TIMEOUT", "1m",
                "OUTBOX_LOG_FORMAT", "json",
                "OUTBOX_LOG_LEVEL", "debug"));
    assertThat(config.poolSize()).isEqualTo(20);
    assertThat(config.http()).isEqualTo(new Config.Http("::1", 0, 9000));
    assertThat(config.endpoints().allowedNetworks())
        .containsExactly(Cidr.parse("10.0.0.0/8"), Cidr.parse("fd00::/8"));
    assertThat(config.endpoints().allowedPorts()).containsExactly(80, 443);
    assertThat(config.endpoints().proxy()).hasToString("proxy/<unresolved>:3128");
    assertThat(config.endpoints().caFile()).hasFileName("ca.pem");
    assertThat(config.endpoints().verify()).isTrue();
    assertThat(config.attempts().retryDelays()).hasSize(5).endsWith(Duration.ofHours(6));
    assertThat(config.attempts().maxInFlightPerSubscription()).isEqualTo(100);
    assertThat(config.api().requestsPerSecond()).isEqualTo(1_000_000);
    assertThat(config.api().jwt())
        .isEqualTo(
            new JwtRules(
                URI.create("https://id.example/jwks"),
                null,
                "org",
                "https://id.example",
                "webhooks"));
    assertThat(config.api().allowedOrigins()).containsExactly("https://shop.example");
    assertThat(config.metricsTenantLabel()).isFalse();
    assertThat(config.logging()).isEqualTo(new Logging("json", "debug"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"proxy:3128", "http://proxy:3128"})
  void a_proxy_is_a_host_and_a_port(String value) {
    assertThat(Config.read(with("OUTBOX_EGRESS_PROXY", value)).endpoints().proxy())
        .hasToString("proxy/<unresolved>:3128");
  }

  @Test
  void user_and_password_may_come_on_their_own() {
    var config =
        Config.read(
            Map.of(
                "OUTBOX_DATABASE_URL", "postgresql://shop@db/orders",
                "OUTBOX_DATABASE_USER", "worker",
                "OUTBOX_DATABASE_PASSWORD", "s3cret"),
            Need.DATABASE);
    var main = database(config, "main");
    assertThat(main.user()).isEqualTo("worker");
    assertThat(main.password()).isEqualTo("s3cret");
    assertThat(config.databaseHosts()).singleElement().hasToString("db/<unresolved>:5432");
  }

  @Test
  void several_databases_have_names_and_may_have_several_hosts_each() {
    var config =
        Config.read(
            Map.of(
                "OUTBOX_DATABASES",
                "eu=postgresql://u:p@h1:5433,h2/shop?sslmode=require,"
                    + " us-1=jdbc:postgresql://h3/shop"),
            Need.DATABASE);
    assertThat(config.databases().keySet()).containsExactly("eu", "us-1");
    assertThat(database(config, "eu").jdbcUrl())
        .isEqualTo("jdbc:postgresql://h1:5433,h2:5432/shop?sslmode=require");
    assertThat(database(config, "us-1").user()).isNull();
    assertThat(config.databaseHosts()).hasSize(3);
  }

  @Test
  void any_setting_may_come_from_a_file() throws Exception {
    var config =
        Config.read(
            Map.of(
                "OUTBOX_DATABASE_URL_FILE", file("url", "postgresql://db/orders\n"),
                "OUTBOX_DATABASE_PASSWORD_FILE", file("password", "p w\r\n"),
                "OUTBOX_KEYS_FILE", file("keys", KEYS + "\n"),
                "OUTBOX_RETENTION_FILE", file("retention", "9d")),
            Need.DATABASE,
            Need.KEYS);
    assertThat(database(config, "main").password()).isEqualTo("p w");
    assertThat(config.keys().ids()).containsExactly(1);
    assertThat(config.retention().deliveries()).isEqualTo(Duration.ofDays(9));
    assertThat(config.settings())
        .contains(new Setting("OUTBOX_KEYS", "***", "file " + folder.resolve("keys")));
  }

  @Test
  void a_variable_and_its_file_together_are_a_fault() throws Exception {
    assertThat(faults(with("OUTBOX_KEYS_FILE", file("keys", KEYS))))
        .containsExactly("OUTBOX_KEYS is set, and so is OUTBOX_KEYS_FILE; allowed: one of the two");
  }

  @Test
  void files_that_can_not_be_used_are_faults() throws Exception {
    assertThat(
            faults(
                with(
                    "OUTBOX_SOURCE_FILE", "/nowhere/source",
                    "OUTBOX_RETENTION_FILE", folder.toString(),
                    "OUTBOX_LOG_LEVEL_FILE", file("empty", " \n"),
                    "OUTBOX_LOG_FORMAT_FILE", file("large", "x".repeat(70_000)),
                    "OUTBOX_POLL_INTERVAL_FILE", binary("binary"))))
        .containsExactlyInAnyOrder(
            "OUTBOX_SOURCE_FILE=/nowhere/source is not a file that can be read",
            "OUTBOX_RETENTION_FILE=" + folder + " is not a file that can be read",
            "OUTBOX_LOG_LEVEL_FILE=" + folder.resolve("empty") + " is an empty file",
            "OUTBOX_LOG_FORMAT_FILE=" + folder.resolve("large") + " has more than 65536 bytes",
            "OUTBOX_POLL_INTERVAL_FILE=" + folder.resolve("binary") + " can't be read as text");
  }

  @Test
  void what_a_command_needs_is_required_and_nothing_else() {
    assertThat(faults(Map.of())).isEmpty();
    assertThat(faults(Map.of(), Need.DATABASE, Need.KEYS))
        .containsExactly(
            "OUTBOX_DATABASE_URL is required; allowed: " + Kind.database().allowed(),
            "OUTBOX_KEYS is required; allowed: " + Kind.keys().allowed());
    assertThatThrownBy(() -> Config.read(Map.of()).keys())
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void an_empty_variable_is_as_good_as_none() {
    assertThat(Config.read(with("OUTBOX_RETENTION", "", "OUTBOX_SOURCE", " ")).retention().events())
        .isEqualTo(Duration.ofDays(30));
    assertThat(faults(Map.of("OUTBOX_DATABASE_URL", ""), Need.DATABASE)).hasSize(1);
  }

  @Test
  void every_fault_is_told_at_once() {
    var faults =
        faults(
            Map.of(
                "OUTBOX_DATABASE_URL", "postgresql://shop:hunter2@db",
                "OUTBOX_KEYS", "1:c2VjcmV0",
                "OUTBOX_HTTP_PORT", "eighty",
                "OUTBOX_POLL_INTERVAL", "50",
                "OUTBOX_RETRY_DELAYS", "1s,2",
                "OUTBOX_ATTEMPT_TIMEOUT", "1m",
                "OUTBOX_ALLOW_HTTP", "yes",
                "OUTBOX_RETENTON", "30d",
                "OUTBOX_LOG_LEVEL", "loud"),
            Need.DATABASE,
            Need.KEYS);
    assertThat(faults)
        .containsExactly(
            "OUTBOX_DATABASE_URL=postgresql://***@db names no database after the host; allowed: "
                + Kind.database().allowed(),
            "OUTBOX_HTTP_PORT=eighty is not a whole number; allowed: 0 to 65535",
            "OUTBOX_KEYS=*** key 1 of 1 is of 6 bytes, not 32; allowed: " + Kind.keys().allowed(),
            "OUTBOX_ALLOW_HTTP=yes is none of the allowed values; allowed: true or false",
            "OUTBOX_RETRY_DELAYS=1s,2 has no unit (ms, s, m, h or d); allowed: 1 to 20 durations of"
                + " 10ms to 7d, separated by commas",
            "OUTBOX_ATTEMPT_TIMEOUT=1m is out of range; allowed: 1ms to 30s, with its unit (ms, s,"
                + " m, h, d)",
            "OUTBOX_POLL_INTERVAL=50 has no unit (ms, s, m, h or d); allowed: 5ms to 1m, with its"
                + " unit (ms, s, m, h, d)",
            "OUTBOX_LOG_LEVEL=loud is none of the allowed values; allowed: error or warn or info or"
                + " debug or trace",
            "OUTBOX_RETENTON is unknown; did you mean OUTBOX_RETENTION?");
  }

  @ParameterizedTest
  @CsvSource({
    "OUTBOX_DATABASE_POOL_SIZE, 1",
    "OUTBOX_DATABASE_POOL_SIZE, 101",
    "OUTBOX_HTTP_PORT, 65536",
    "OUTBOX_HTTP_PORT, 99999999999",
    "OUTBOX_HTTP_ADDRESS, http://x",
    "OUTBOX_ADMIN_PORT, 8000",
    "OUTBOX_ALLOWED_NETWORKS, 10.0.0.1/8",
    "OUTBOX_ALLOWED_NETWORKS, 10.0.0.0/33",
    "OUTBOX_ALLOWED_NETWORKS, 10.0.0/8",
    "OUTBOX_ALLOWED_NETWORKS, example.com/8",
    "OUTBOX_ALLOWED_NETWORKS, ::1/129",
    "OUTBOX_ALLOWED_NETWORKS, '::1/128,,'",
    "OUTBOX_ALLOWED_PORTS, 0",
    "OUTBOX_ALLOWED_PORTS, '443,'",
    "OUTBOX_EGRESS_PROXY, https://proxy:3128",
    "OUTBOX_EGRESS_PROXY, http://proxy",
    "OUTBOX_EGRESS_PROXY, http://u:p@proxy:1",
    "OUTBOX_CA_FILE, /nowhere/ca.pem",
    "OUTBOX_VERIFY_ENDPOINTS, 1",
    "OUTBOX_RETRY_DELAYS, 8d",
    "OUTBOX_RETRY_DELAYS, 1ms",
    "OUTBOX_ATTEMPT_TIMEOUT, 0s",
    "OUTBOX_ATTEMPT_TIMEOUT, 31s",
    "OUTBOX_DISABLE_AFTER, 0s",
    "OUTBOX_POLL_INTERVAL, 1ms",
    "OUTBOX_MAX_IN_FLIGHT, 0",
    "OUTBOX_MAX_IN_FLIGHT_PER_SUBSCRIPTION, 2049",
    "OUTBOX_RETENTION, 30",
    "OUTBOX_API_REQUESTS_PER_SECOND, 1000001",
    "OUTBOX_JWT_JWKS_URL, http://id.example/jwks",
    "OUTBOX_JWT_SECRET, short",
    "OUTBOX_JWT_ISSUER, https://id.example",
    "OUTBOX_METRICS_TENANT_LABEL, no",
    "OUTBOX_SHUTDOWN_TIMEOUT, 100ms",
    "OUTBOX_LOG_FORMAT, xml",
    "OUTBOX_LOG_LEVEL, INFO",
    "OUTBOX_DATABASES, eu=postgresql://db/shop",
  })
  void a_value_out_of_bounds_is_one_fault(String name, String value) {
    assertThat(faults(with(name, value))).singleElement().asString().startsWith(name);
  }

  @Test
  void twenty_one_retries_are_too_many() {
    assertThat(faults(with("OUTBOX_RETRY_DELAYS", "1s,".repeat(20) + "1s")))
        .singleElement()
        .asString()
        .contains("has 21 durations");
  }

  @Test
  void names_of_databases_are_checked() {
    assertThat(faults(Map.of("OUTBOX_DATABASES", "EU=postgresql://db/shop"))).hasSize(1);
    assertThat(faults(Map.of("OUTBOX_DATABASES", "a=postgresql://db/shop,a=postgresql://db2/shop")))
        .singleElement()
        .asString()
        .contains("a is there twice");
    assertThat(
            faults(
                Map.of(
                    "OUTBOX_DATABASES", "a=postgresql://db/shop",
                    "OUTBOX_DATABASE_PASSWORD", "pw")))
        .singleElement()
        .asString()
        .startsWith("OUTBOX_DATABASE_PASSWORD does not say for which");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "OUTBOX_JAVA_HOME",
        "OUTBOX_JAVA_OPTS",
        "OUTBOX_SERVICE_HOST",
        "OUTBOX_PORT",
        "OUTBOX_PORT_8000_TCP_ADDR",
        "OUTBOX_WORKER_SERVICE_PORT_HTTP",
        "OUTBOXES",
        "PATH"
      })
  void names_of_others_are_left_alone(String name) {
    assertThat(faults(with(name, "anything"))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "OUTBOX_DATABSE_URL, OUTBOX_DATABASE_URL",
    "OUTBOX_KEY, OUTBOX_KEYS",
    "OUTBOX_KEY_FILE, OUTBOX_KEYS_FILE",
    "OUTBOX_TIMEOUT, ",
    "OUTBOX_MAX_INFLIGHT, OUTBOX_MAX_IN_FLIGHT",
    "OUTBOX_JAVA_OPT, ",
  })
  void an_unknown_name_is_a_fault_that_keeps_its_value_to_itself(String name, String meant) {
    var fault = faults(with(name, "1:secret")).getFirst();
    assertThat(fault).startsWith(name + " is unknown").doesNotContain("secret");
    if (meant != null) {
      assertThat(fault).endsWith("did you mean " + meant + "?");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "postgresql://shop:hunter2@db",
        "postgresql://shop:hunter2@x@db/orders",
        "postgresql://shop:x,hunter2@y,hunter2@db/orders",
        "postgresql://shop:/hunter2@db/orders",
        "jdbc:postgresql://db?user=shop&password=hunter2",
        "jdbc:postgresql://db?sslpassword=hunter2&x=1",
      })
  void a_password_is_never_shown(String url) {
    assertThat(faults(Map.of("OUTBOX_DATABASE_URL", url)).toString())
        .doesNotContain("hunter2")
        .contains("OUTBOX_DATABASE_URL=");
    assertThat(faults(Map.of("OUTBOX_DATABASES", "a=" + url + ",b=" + url)).toString())
        .doesNotContain("hunter2");
  }

  @Test
  void the_texts_of_a_configuration_hold_no_secrets() {
    var config =
        Config.read(
            with(
                "OUTBOX_DATABASE_PASSWORD", "hunter2",
                "OUTBOX_DATABASE_URL", "postgresql://u:hunter2@db/orders?sslpassword=hunter2",
                "OUTBOX_JWT_SECRET", "hunter2".repeat(5)));
    assertThat(config.toString())
        .doesNotContain("hunter2")
        .doesNotContain(KEYS.substring(2))
        .contains("postgresql://***@db/orders");
  }

  @Test
  void the_worker_may_reach_its_own_database_proxy_and_identity_provider_wherever_they_are() {
    var config =
        Config.read(
            with(
                "OUTBOX_EGRESS_PROXY", "proxy:3128",
                "OUTBOX_JWT_JWKS_URL", "https://id.example/jwks",
                "OTEL_EXPORTER_OTLP_ENDPOINT", "http://Collector:4318"));
    assertThat(config.egressRules(List.of()).infrastructureHosts())
        .containsExactlyInAnyOrder("db", "proxy", "id.example", "collector");
  }

  @Test
  void spans_are_exported_where_the_variables_of_opentelemetry_say_so() throws Exception {
    assertThat(Config.read(ENOUGH).tracing().isOn()).isFalse();
    assertThat(Config.read(with("OTEL_SERVICE_NAME", "shop")).tracing().isOn()).isFalse();
    assertThat(Config.read(with("OTEL_TRACES_EXPORTER", "otlp")).tracing().collector())
        .hasToString("http://localhost:4318");
    var endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    for (var off :
        List.of(
            with(endpoint, "http://c:4318", "OTEL_SDK_DISABLED", "true"),
            with(endpoint, "http://c:4318", "OTEL_TRACES_EXPORTER", "none"))) {
      assertThat(Config.read(off).tracing().isOn()).isFalse();
    }
    var headers = file("headers", "api-key=hunter2");
    var config =
        Config.read(
            with(
                endpoint,
                "http://all:4318",
                "OTEL_EXPORTER_OTLP_PROTOCOL",
                "grpc",
                "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
                "http/protobuf",
                "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
                "https://spans:4318/v1/traces",
                "OTEL_EXPORTER_OTLP_HEADERS_FILE",
                headers));
    assertThat(config.tracing().collector()).hasToString("https://spans:4318/v1/traces");
    assertThat(config.tracing().variables())
        .containsEntry("OTEL_EXPORTER_OTLP_HEADERS", "api-key=hunter2");
    assertThat(config.toString()).doesNotContain("hunter2");
  }

  @Test
  void faults_of_the_export_of_spans_are_told_where_it_is_on() {
    var wrong =
        with(
            "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc",
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "collector:4317");
    assertThat(faults(wrong).toString())
        .contains("OTEL_EXPORTER_OTLP_PROTOCOL=grpc is none of the allowed values")
        .contains("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=collector:4317 has no host");
    var on = new HashMap<>(with("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"));
    on.put("OTEL_TRACES_SAMPLER", "sometimes");
    assertThat(faults(on).toString()).contains("OTEL_").contains("sometimes");
    on.put("OTEL_SDK_DISABLED", "true");
    assertThat(Config.read(on).tracing().isOn()).isFalse();
  }

  @Test
  void a_shutdown_shorter_than_an_attempt_is_a_warning() {
    assertThat(Config.read(with("OUTBOX_SHUTDOWN_TIMEOUT", "5s")).warnings())
        .singleElement()
        .asString()
        .startsWith("OUTBOX_SHUTDOWN_TIMEOUT=5s ends before an attempt does");
  }

  private static DatabaseSettings database(Config config, String name) {
    return Objects.requireNonNull(config.databases().get(name));
  }

  private static List<String> faults(Map<String, String> environment, Need... needs) {
    var thrown =
        Assertions.catchThrowableOfType(InvalidConfig.class, () -> Config.read(environment, needs));
    return thrown == null
        ? List.of()
        : thrown.faults().stream().map(Fault::toString).collect(Collectors.toList());
  }

  private static Map<String, String> with(String... namesAndValues) {
    var environment = new HashMap<>(ENOUGH);
    for (int i = 0; i < namesAndValues.length; i += 2) {
      environment.put(namesAndValues[i], namesAndValues[i + 1]);
    }
    return environment;
  }

  private String file(String name, String text) {
    try {
      return Files.writeString(folder.resolve(name), text).toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String binary(String name) throws IOException {
    return Files.write(folder.resolve(name), new byte[] {(byte) 0xFF, (byte) 0xFE, 0}).toString();
  }
}
