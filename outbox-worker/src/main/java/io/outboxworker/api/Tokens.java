package io.outboxworker.api;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * The tokens by which tenants speak to the API. A token is 32 random bytes; the database holds only
 * its SHA-256, which is enough for 256 bits of entropy. Thread-safe.
 */
public final class Tokens {
  /** A token as lists show it: never the token itself. */
  public record Token(
      UUID id,
      @Nullable String name,
      Instant createdAt,
      @Nullable Instant expiresAt,
      @Nullable Instant lastUsedAt,
      @Nullable Instant revokedAt) {}

  /** Whose token it is. */
  record Owner(UUID tokenId, UUID tenantId, @Nullable String name) {}

  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int BYTES = 32;
  private static final String PREFIX = "whk_";

  /** What has another form was never made here: no reason to ask the database. */
  private static final Pattern FORM = Pattern.compile(PREFIX + "[A-Za-z0-9_-]{43}");

  private final Jdbi jdbi;

  public Tokens(Jdbi jdbi) {
    this.jdbi = jdbi;
  }

  /**
   * Makes a token and returns it; this is the only time that it is seen.
   *
   * @param expires how long it is valid, null for ever
   */
  public String create(UUID tenantId, @Nullable String name, @Nullable Duration expires) {
    byte[] random = new byte[BYTES];
    RANDOM.nextBytes(random);
    String token = PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(random);
    jdbi.useHandle(handle ->
        handle
            .createUpdate(
                """
                insert into api_token (tenant_id, name, hash, expires_at)
                values (:tenant, :name, :hash, now() + :expires_ms::bigint * interval '1 ms')
                """)
            .bind("tenant", tenantId)
            .bind("name", name)
            .bind("hash", hash(token))
            .bind("expires_ms", expires == null ? null : (Long) expires.toMillis())
            .execute());
    return token;
  }

  /** All of the tenant's tokens, newest first. */
  public List<Token> list(UUID tenantId) {
    return jdbi.withHandle(handle ->
        handle
            .createQuery(
                """
                select id, name, created_at, expires_at, last_used_at, revoked_at from api_token
                where tenant_id = :tenant order by id desc
                """)
            .bind("tenant", tenantId)
            .map((row, context) ->
                new Token(
                    row.getObject("id", UUID.class),
                    row.getString("name"),
                    row.getTimestamp("created_at").toInstant(),
                    instant(row.getTimestamp("expires_at")),
                    instant(row.getTimestamp("last_used_at")),
                    instant(row.getTimestamp("revoked_at"))))
            .list());
  }

  /** Ends a token's validity; false where there is no such token, or it was revoked before. */
  public boolean revoke(UUID id) {
    return 1
        == (int)
            jdbi.withHandle(handle ->
                handle
                    .createUpdate(
                        "update api_token set revoked_at = now() where id = :id and revoked_at is"
                            + " null")
                    .bind("id", id)
                    .execute());
  }

  /** Whether it looks as one of ours does; it need not be one. */
  static boolean isFormed(String token) {
    return FORM.matcher(token).matches();
  }

  /**
   * Whose token this is; empty where it is unknown, expired or revoked. Notes the use, at most once
   * a minute.
   */
  Optional<Owner> owner(String token) {
    if (!isFormed(token)) {
      return Optional.empty();
    }
    byte[] hash = hash(token);
    return jdbi.withHandle(handle -> {
      Optional<Used> used = find(handle, hash);
      if (used.isPresent() && used.get().unnoted()) {
        noteUse(handle, used.get().owner().tokenId());
      }
      return used.map(Used::owner);
    });
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared but by MessageDigest
  private record Used(Owner owner, byte[] hash, boolean unnoted) {}

  private static Optional<Used> find(Handle handle, byte[] hash) {
    return handle
        .createQuery(
            """
            select id, tenant_id, name, hash,
              coalesce(last_used_at < now() - interval '1 minute', true) as unnoted
            from api_token
            where hash = :hash and revoked_at is null and (expires_at is null or expires_at > now())
            """)
        .bind("hash", hash)
        .map((row, context) -> {
          Owner owner =
              new Owner(
                  row.getObject("id", UUID.class),
                  row.getObject("tenant_id", UUID.class),
                  row.getString("name"));
          return new Used(owner, row.getBytes("hash"), row.getBoolean("unnoted"));
        })
        .filter(used -> MessageDigest.isEqual(hash, used.hash))
        .findOne();
  }

  private static void noteUse(Handle handle, UUID id) {
    handle
        .createUpdate(
            """
            update api_token set last_used_at = now()
            where id = any(array(select id from api_token
              where id = :id and coalesce(last_used_at < now() - interval '1 minute', true)
              for update skip locked))
            """)
        .bind("id", id)
        .execute();
  }

  /** Whether the tenant has anything in this database that an owner or operator made. */
  boolean knows(UUID tenantId) {
    return jdbi.withHandle(handle ->
        handle
            .createQuery(
                """
                select exists (select from subscription where tenant_id = :tenant and deleted_at is null)
                  or exists (select from api_token where tenant_id = :tenant)
                """)
            .bind("tenant", tenantId)
            .mapTo(boolean.class)
            .one());
  }

  private static byte[] hash(String token) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static @Nullable Instant instant(@Nullable Timestamp time) {
    return time == null ? null : time.toInstant();
  }
}
