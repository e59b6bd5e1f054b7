/** Which kinds of operation a call is that an admin may deny. */
import { expect } from 'chai';
import { dockerOperations } from '../../../web-gateway/docker-proxy/docker-operation.ts';

const CALLS: readonly (readonly [call: string, operations: string])[] = [
  ['POST /v1.44/containers/a1/exec', 'exec'],
  ['POST /containers/a/b/exec', 'exec'],
  ['POST /exec/e1/start', 'exec'],
  ['POST /exec/e1/resize', 'exec'],
  ['GET /containers/a1/top', 'exec'],
  ['GET /v5.0.0/libpod/containers/a1/healthcheck', 'exec'],
  ['POST /v5.0.0/libpod/containers/a1/exec', 'exec'],
  // Podman takes any such version, and runs the same.
  ['POST /v5.0.0-rc1/libpod/containers/a1/exec', 'exec'],
  ['POST /v1x/containers/a1/exec', 'exec'],
  ['POST /containers/a1/attach', 'attach'],
  ['POST /containers/a1/attach/', 'attach'],
  ['GET /containers/a1/attach/ws', 'attach'],
  ['POST /containers/a1/resize', 'attach'],
  ['GET /containers/a1/archive', 'copy'],
  ['PUT /containers/a1/archive', 'copy'],
  ['GET /containers/a1/export', 'copy'],
  ['POST /containers/create', 'create'],
  ['POST /containers/a1/update', 'create'],
  ['POST /libpod/play/kube', 'create'],
  ['POST /services/create', 'create,swarm'],
  ['POST /containers/a1/start', 'start-stop'],
  ['POST /containers/a1/kill', 'start-stop'],
  ['POST /libpod/pods/p1/stop', 'start-stop'],
  ['POST /v1.44/build', 'build'],
  ['POST /v5.7.0/libpod/local/build', 'build'],
  ['POST /v6.0.0/libpod/local/artifacts/add', 'images'],
  ['POST /session', 'build'],
  ['POST /grpc', 'build'],
  ['POST /commit', 'build'],
  ['POST /images/create', 'images'],
  ['POST /images/docker.io/library/alpine/push', 'images'],
  ['GET /images/get', 'images'],
  ['GET /images/search', 'images'],
  ['POST /auth', 'images'],
  ['DELETE /images/docker.io/library/alpine:3', 'remove'],
  ['DELETE /containers/a1', 'remove'],
  ['DELETE /networks/n1', 'remove,networks'],
  ['POST /containers/prune', 'prune'],
  ['POST /build/prune', 'prune'],
  ['POST /volumes/prune', 'prune,volumes'],
  ['POST /networks/n1/connect', 'networks'],
  ['POST /volumes/create', 'volumes'],
  ['PUT /volumes/v1', 'volumes'],
  ['GET /swarm/unlockkey', 'swarm'],
  ['POST /nodes/n1/update', 'swarm'],
  ['POST /secrets/create', 'secrets'],
  ['GET /libpod/secrets/s1/json', 'secrets'],
  ['POST /configs/c1/update', 'secrets'],
  ['POST /plugins/pull', 'plugins'],
  ['POST /whatever/comes', 'other'],
  ['POST /_ping', 'other'],
  ['GET /libpod/generate/kube', 'other'],
];

const NO_KIND = ['GET /_ping', 'HEAD /_ping', 'GET /v1.44/containers/json', 'GET /containers/a1/logs', 'GET /containers/a1/stats', 'GET /events', 'POST /containers/a1/wait', 'GET /services', 'GET /secrets', 'GET /images/a/json', 'GET /plugins'];

describe('kinds of operation on an engine', () => {
  it('are told by method and path, and what acts in an unknown way is another', () => {
    for (const [call, operations] of CALLS) expect(kinds(call).join(), call).to.equal(operations);
  });

  it('have nothing to do with looking and waiting', () => {
    for (const call of NO_KIND) expect(kinds(call), call).to.deep.equal([]);
  });
});

function kinds(call: string): readonly string[] {
  const [method = '', path = ''] = call.split(' ');
  return dockerOperations(method, path);
}
