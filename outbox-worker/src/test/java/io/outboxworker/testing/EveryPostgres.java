package io.outboxworker.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Runs a test class on the newest and on the oldest supported PostgreSQL: its constructor takes the
 * {@link TestDatabase.Version} and hands it to {@link TestDatabase#create(TestDatabase.Version)}.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ParameterizedClass(name = "PostgreSQL {0}")
@EnumSource(TestDatabase.Version.class)
public @interface EveryPostgres {}
