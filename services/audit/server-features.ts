/** What clients ask before their first append: which calls there are. */
import serverFeatures from '@eventstore/db-client/generated/serverfeatures_pb.js';
import streamsService from '@eventstore/db-client/generated/streams_grpc_pb.js';

const { SupportedMethod, SupportedMethods } = serverFeatures;

/** The server whose protocol is spoken; clients choose by it how they speak. */
const spokenVersion = '23.10.0';
const features: Readonly<Record<string, readonly string[]>> = { read: ['position', 'events'] };

/** The calls of Streams, named as clients look them up. */
export function supportedMethods(): serverFeatures.SupportedMethods {
  const methods = Object.values(streamsService.StreamsService).map((definition) => {
    const [, service = '', method = ''] = (definition as { readonly path: string }).path.toLowerCase().split('/');
    return new SupportedMethod().setServiceName(service).setMethodName(method).setFeaturesList([...(features[method] ?? [])]);
  });
  return new SupportedMethods().setEventStoreServerVersion(spokenVersion).setMethodsList(methods);
}
