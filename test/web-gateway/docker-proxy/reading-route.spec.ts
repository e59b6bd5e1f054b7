/** What an access to read may ask of an engine. */
import { expect } from 'chai';
import { isReadingRoute } from '../../../web-gateway/docker-proxy/reading-route.ts';

const READING = [
  '/_ping', '/version', '/v1.44/info', '/v1.44/events', '/system/df', '/v1.44/containers/json', '/containers/a1/json', '/containers/a1/logs', '/containers/a1/stats',
  '/containers/a1/changes', '/exec/e1/json', '/images/json', '/images/docker.io/library/alpine:3/json', '/images/a/history', '/networks', '/networks/n1', '/volumes', '/volumes/v1',
  '/services', '/services/s1', '/services/s1/logs', '/tasks', '/tasks/t1/logs', '/nodes/n1', '/configs/c1', '/plugins', '/plugins/p/json', '/secrets',
  '/v5.0.0/libpod/containers/json', '/libpod/pods/json', '/libpod/pods/p1/json', '/libpod/images/localhost/x/exists', '/libpod/info', '/libpod/secrets/json', '/containers/json/',
];
const NOT_READING = [
  '/containers/a1/archive', '/containers/a1/export', '/containers/a1/attach/ws', '/containers/a1/top', '/libpod/containers/a1/healthcheck', '/images/get', '/images/a/get',
  '/libpod/images/export', '/images/search', '/distribution/a/json', '/swarm', '/swarm/unlockkey', '/secrets/s1', '/libpod/secrets/s1/json', '/libpod/generate/kube', '/libpod/volumes/v1/export',
  '/plugins/privileges', '/session', '/grpc', '/build', '/', '/v1.44', '/containers', '/containers/a1', '/libpod/play/kube', '/x/containers/json', '/containers/a/b/json', '/libpod/libpod/info',
];

describe('an access to read', () => {
  it('may look at an engine, and neither changes it nor gets at contents and secrets', () => {
    for (const path of READING) for (const method of ['GET', 'HEAD']) expect(isReadingRoute(method, path), `${method} ${path}`).to.equal(true);
    for (const path of NOT_READING) expect(isReadingRoute('GET', path), path).to.equal(false);
  });

  it('asks by GET and HEAD alone', () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) for (const path of READING) expect(isReadingRoute(method, path), `${method} ${path}`).to.equal(false);
  });
});
