package io.outboxworker.api;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.outboxworker.database.TenantScope;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Tells who calls, by the token in {@code Authorization: Bearer …}. A token that is missing, wrong,
 * expired, revoked or not the only one gets the same answer. Thread-safe.
 */
final class Authentication {
  /** How long a token that was valid is taken for valid: revoking it is seen within that time. */
  private static final Duration TRUST = Duration.ofSeconds(2);

  private static final Pattern BEARER =
      Pattern.compile("(?i:bearer) +([A-Za-z0-9._~+/=-]{1,8192})");

  private final List<ApiDatabase> databases;
  private final @Nullable Logins logins;
  private final boolean complete;
  private final WrongTokens wrongTokens;
  private final Memory<Caller> right = new Memory<>(TRUST);

  /**
   * The token lives in one of these databases, and so does its tenant.
   *
   * @param all how many databases there are; more than are given where some do not answer yet
   * @param logins null where nobody else signs tokens
   */
  Authentication(
      List<ApiDatabase> databases, int all, @Nullable Logins logins, WrongTokens wrongTokens) {
    this.wrongTokens = wrongTokens;
    this.logins = logins;
    this.databases = List.copyOf(databases);
    this.complete = databases.size() >= all;
  }

  /** Who calls; a 401 where nobody known does, a 503 where that can't be told just now. */
  Caller caller(ServerRequest request) {
    if (databases.isEmpty()) {
      throw unavailable("the worker is starting");
    }
    List<String> sent = request.headers().all(HeaderNames.AUTHORIZATION, List::of);
    Matcher bearer = BEARER.matcher(sent.size() == 1 ? sent.getFirst().strip() : "");
    if (!bearer.matches()) {
      throw unauthorized();
    }
    String token = bearer.group(1);
    Caller known = right.fresh(token);
    if (known != null) {
      return known;
    }
    Caller before = right.last(token);
    Caller caller =
        before == null ? unknown(token, request.remotePeer().host()) : again(token, before);
    right.put(token, caller);
    return caller;
  }

  /** One that was right before stays so while its database does not answer. */
  private Caller again(String token, Caller before) {
    try {
      return isLogin(token) ? login(token) : ask(token, before.database());
    } catch (Problem problem) {
      if (problem.kind() == Problem.Kind.UNAUTHORIZED) {
        right.forget(token);
      }
      throw problem;
    }
  }

  private Caller unknown(String token, String address) {
    // To verify a signature costs no query, and logins are new every few minutes.
    if (isLogin(token)) {
      return login(token);
    }
    if (!Tokens.isFormed(token)) {
      throw unauthorized();
    }
    return wrongTokens.counted(address, token, () -> ask(token, null));
  }

  private boolean isLogin(String token) {
    return logins != null && token.indexOf('.') >= 0;
  }

  private Caller login(String token) {
    Logins.Login login =
        Objects.requireNonNull(logins).login(token).orElseThrow(Authentication::unauthorized);
    return new Caller(
        login.tenantId(),
        login.name(),
        "login " + login.tenantId() + " " + login.name(),
        home(login));
  }

  /** Where the login says, else where its tenant is known, else the first database. */
  private ApiDatabase home(Logins.Login login) {
    if (databases.size() == 1 && complete) {
      return databases.getFirst();
    }
    String named = login.database();
    var found =
        databases.stream()
            .filter(
                database -> named == null ? knows(database, login) : database.name().equals(named))
            .findFirst();
    if (found.isPresent()) {
      return found.get();
    }
    if (!complete) {
      throw unavailable("a database does not answer");
    }
    if (named != null) {
      throw unauthorized();
    }
    return databases.getFirst();
  }

  private static boolean knows(ApiDatabase database, Logins.Login login) {
    return TenantScope.acrossTenants(() -> database.tokens().knows(login.tenantId()));
  }

  /** First where the token was before, so that a database that is away holds up its own alone. */
  private Caller ask(String token, @Nullable ApiDatabase first) {
    List<ApiDatabase> order = new ArrayList<>(databases);
    order.sort(Comparator.comparing(database -> database != first));
    RuntimeException away = null;
    for (ApiDatabase database : order) {
      try {
        Optional<Caller> found =
            TenantScope.acrossTenants(() -> database.tokens().owner(token))
                .map(owner -> caller(owner, database));
        if (found.isPresent()) {
          return found.get();
        }
      } catch (RuntimeException e) {
        away = e;
      }
    }
    if (away != null) {
      throw away;
    }
    if (!complete) {
      throw unavailable("a database of the worker does not answer");
    }
    throw unauthorized();
  }

  private static Caller caller(Tokens.Owner owner, ApiDatabase database) {
    String id = owner.tokenId().toString();
    return new Caller(owner.tenantId(), owner.name() == null ? id : owner.name(), id, database);
  }

  static Problem unauthorized() {
    return Problem.of(
        Problem.Kind.UNAUTHORIZED,
        "send a valid token as Authorization: Bearer TOKEN",
        "WWW-Authenticate",
        "Bearer");
  }

  static Problem unavailable(String detail) {
    return Problem.of(Problem.Kind.UNAVAILABLE, detail, "Retry-After", "1");
  }
}
