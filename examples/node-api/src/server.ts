import { createServer, type IncomingMessage, type Server } from 'node:http';
import { bookmarksApi, problem, type Reply } from './api.js';
import type { BookmarkStore } from './store.js';

export interface Service {
  readonly store: BookmarkStore;
  readonly version: string;
  /** True once the process was told to stop: the load balancer should look elsewhere. */
  readonly stopping: () => boolean;
  readonly log: (entry: Readonly<Record<string, unknown>>) => void;
}

export function makeServer(service: Service): Server {
  return createServer((request, response) => {
    void answer(service, request)
      .catch((error: unknown): Reply => {
        // The cause may name tables or hosts: it goes to the log, not to the client.
        service.log({ level: 'error', method: request.method, path: request.url, error: String(error) });
        return problem(500, 'internal error');
      })
      .then(({ status, body, headers }) => {
        response.writeHead(status, { 'content-type': 'application/json', ...headers });
        response.end(body === undefined ? undefined : JSON.stringify(body));
      });
  });
}

async function answer(service: Service, request: IncomingMessage): Promise<Reply> {
  const path = request.url?.split('?', 1)[0];
  switch (path) {
    case '/health':
      return { status: 200, body: { status: 'ok', version: service.version } };
    case '/ready':
      return readiness(service);
    default:
      return bookmarksApi(service.store, request);
  }
}

async function readiness({ store, version, stopping, log }: Service): Promise<Reply> {
  if (stopping()) return { status: 503, body: { status: 'stopping', version } };
  try {
    await store.ping();
    return { status: 200, body: { status: 'ready', version } };
  } catch (error) {
    log({ level: 'warn', message: 'not ready', error: String(error) });
    return { status: 503, body: { status: 'unavailable', version } };
  }
}
