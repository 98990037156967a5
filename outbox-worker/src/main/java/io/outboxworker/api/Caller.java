package io.outboxworker.api;

import java.util.UUID;

/**
 * Who calls: decided by the token alone.
 *
 * @param name of the token or the login, for the audit log
 * @param key what requests are counted by
 * @param database where the tenant lives
 */
record Caller(UUID tenantId, String name, String key, ApiDatabase database) {}
