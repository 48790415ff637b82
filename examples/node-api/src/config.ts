/** What the process is told by its environment. */
export interface Config {
  readonly databaseUrl: string;
  readonly port: number;
  /** The git commit that the image was built from. */
  readonly version: string;
  /** How long open requests may take to finish after SIGTERM. */
  readonly drainMs: number;
}

export class ConfigError extends Error {}

export function readConfig(env: NodeJS.ProcessEnv): Config {
  const databaseUrl = env['DATABASE_URL'] ?? '';
  if (!URL.canParse(databaseUrl) || !/^postgres(ql)?:$/.test(new URL(databaseUrl).protocol)) {
    // The value holds a password: it is never repeated in a message.
    throw new ConfigError('DATABASE_URL must be a postgres:// URL');
  }
  return {
    databaseUrl,
    port: readNumber(env, 'PORT', 3000, 65_535),
    version: env['APP_VERSION'] || 'unknown',
    // ECS kills a container 30 s after SIGTERM unless its task definition says otherwise.
    drainMs: readNumber(env, 'DRAIN_MS', 20_000, 110_000),
  };
}

function readNumber(env: NodeJS.ProcessEnv, name: string, fallback: number, max: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = /^\d{1,6}$/.test(text) ? Number(text) : NaN;
  if (!(value <= max)) throw new ConfigError(`${name} must be a whole number from 0 to ${max}`);
  return value;
}
