/** What a call to the Docker API is taken for, and what of it is recorded. */
import { expect } from 'chai';
import { classify } from '../../../web-gateway/docker-proxy/docker-route.ts';
import { recordedPath } from '../../../web-gateway/docker-proxy/recorded-path.ts';

describe('a call to the Docker API', () => {
  it('is taken for a change unless it is known to read', () => {
    for (const [method, path] of [
      ['GET', '/v1.41/containers/json'],
      ['HEAD', '/_ping'],
      ['GET', '/v5.0.0/libpod/containers/healthcheck/json'],
      ['GET', '/containers/x/archive'],
      ['POST', '/v1.41/containers/x/wait'],
      ['OPTIONS', '/info'],
    ] as const) {
      expect(classify(method, path, '').mayChange, `${method} ${path}`).to.equal(false);
    }
    for (const [method, path] of [
      ['POST', '/containers/create'],
      ['PUT', '/containers/x/archive'],
      ['DELETE', '/containers/x'],
      ['PATCH', '/anything'],
      ['GET', '/v1.41/containers/x/attach/ws'],
      ['GET', '/containers/x/y/attach/ws'],
      ['GET', '/v5.0.0/libpod/containers/x/healthcheck'],
      ['GET', '/v5.0.0-rc1/libpod/containers/x/healthcheck'],
      ['GET', '/libpod/containers/x/healthcheck'],
      ['GET', '/containers/x/healthcheck/'],
      ['HEAD', '/libpod/containers/x/healthcheck'],
      ['GET', '/v1.41/containers/x/top'],
      ['GET', '/v5.0.0/libpod/pods/x/top'],
      ['POST', '/containers/x/y/wait'],
      ['POST', '/exec/x/start'],
    ] as const) {
      expect(classify(method, path, '').mayChange, `${method} ${path}`).to.equal(true);
    }
  });

  it('may take its connection over only on attach, exec/start, session and grpc', () => {
    for (const [path, stream] of [
      ['/containers/x/attach', 'attach'],
      ['/v1.41/containers/x/attach', 'attach'],
      ['/v4.0.0/libpod/containers/x/attach', 'attach'],
      ['/exec/x/start', 'exec'],
      ['/v1.51/session', 'session'],
      ['/grpc', 'grpc'],
    ] as const) {
      expect(classify('POST', path, ''), path).to.include({ upgradable: true, stream });
      expect(classify('GET', path, ''), path).to.include({ upgradable: false });
    }
    for (const path of ['/_ping', '/containers/x/start', '/containers/x/attach/ws', '/vx/session', '/exec/x/y/start', '/sessions', '/containers/attach', '/v1.41/v1.41/session']) {
      expect(classify('POST', path, ''), path).to.include({ upgradable: false, stream: undefined });
    }
  });

  it('is a stream where a log is followed, as the engine reads flags', () => {
    const isStream = (query: string): boolean => classify('GET', '/v1.41/containers/x/logs', query).stream === 'logs';
    expect(['follow=1', 'stdout=1&follow=true', 'follow=yes&tail=1', 'follow=x'].map(isStream)).to.deep.equal([true, true, true, true]);
    expect(['', 'follow=0', 'follow=false&x=1', 'follow=', 'unfollow=1'].map(isStream)).to.deep.equal([false, false, false, false, false]);
  });

  it('is not waited for at the end where it would never end by itself', () => {
    const isEndless = ([method, path, query = '']: readonly [string, string, string?]): boolean => classify(method, path, query).endless;
    for (const call of [
      ['GET', '/v1.41/containers/x/logs', 'follow=1'],
      ['GET', '/v5.0.0/libpod/events'],
      ['GET', '/containers/x/stats'],
      ['GET', '/containers/x/stats', 'stream=true'],
      ['GET', '/libpod/containers/stats', 'containers=x'],
      ['POST', '/v1.41/containers/x/attach', 'stream=1'],
      ['POST', '/containers/x/wait'],
      ['GET', '/containers/x/attach/ws'],
    ] as const) {
      expect(isEndless(call), call.join(' ')).to.equal(true);
    }
    for (const call of [
      ['GET', '/containers/x/logs', 'tail=10'],
      ['GET', '/containers/x/stats', 'stream=0'],
      ['GET', '/containers/x/stats', 'stream=false&one-shot=true'],
      ['GET', '/containers/x/export'],
      ['POST', '/exec/x/start'],
      ['POST', '/session'],
      ['POST', '/build'],
    ] as const) {
      expect(isEndless(call), call.join(' ')).to.equal(false);
    }
  });

  it('is recorded without what may hold secrets', () => {
    expect(recordedPath('/containers/create', 'name=web&platform=linux%2Famd64')).to.equal('/containers/create?name=web&platform=linux%2Famd64');
    expect(recordedPath('/build', 't=app&buildargs=%7B%22TOKEN%22%3A%22s3cret%22%7D&remote=https%3A%2F%2Fuser%3As3cret%40git')).to.equal('/build?t=app');
    expect(recordedPath('/images/create', 'fromSrc=https%3A%2F%2Fs3cret&unknown=s3cret')).to.equal('/images/create');
    expect(recordedPath('/info', '')).to.equal('/info');
    expect(recordedPath('/containers/create', `name=${'n'.repeat(5000)}`).length).to.be.below(400);
    expect(recordedPath(`/${'a'.repeat(5000)}`, '').length).to.be.below(1100);
    expect(recordedPath('/x', 'name=a&'.repeat(10_000)).length).to.be.below(1000);
  });
});
