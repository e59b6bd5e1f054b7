/** The process: its version, CPU, memory, event loop and garbage collection; its disk; its certificate. */
import { X509Certificate } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import { collectDefaultMetrics, type Registry } from 'prom-client';
import { releaseVersion } from '../../../proto/release.ts';
import type { ApiCertificate } from '../tls/served-certificate.ts';
import type { Readings } from './readings.ts';

export interface ProcessParts {
  readonly dataDir: string;
  readonly certificate: Pick<ApiCertificate, 'current'>;
}

/** By Node's deprecated inner functions, or against Prometheus' conventions. */
const LEFT_OUT = ['active_handles', 'active_handles_total', 'active_requests', 'active_requests_total', 'active_resources_total'];

export function declareProcess(registry: Registry, readings: Readings, { dataDir, certificate }: ProcessParts): void {
  readings.gauges('homeport_build_info', 'Always 1; its label is the version of Homeport.', 'version', () => ({ [releaseVersion()]: 1 }));
  readings.gauge('homeport_data_size_bytes', 'The file system of the data directory.', async () => {
    const { blocks, bsize } = await statfs(dataDir);
    return blocks * bsize;
  });
  readings.gauge('homeport_data_available_bytes', 'What is free on the file system of the data directory.', async () => {
    const { bavail, bsize } = await statfs(dataDir);
    return bavail * bsize;
  });
  readings.gauge('homeport_certificate_expiry_timestamp_seconds', 'When the certificate of the HTTPS port expires, in seconds since 1970.', () => {
    return new X509Certificate(certificate.current().certificatePem).validToDate.getTime() / 1000;
  });
  collectDefaultMetrics({ register: registry, prefix: 'homeport_', eventLoopMonitoringPrecision: 20 });
  for (const name of LEFT_OUT) registry.removeSingleMetric(`homeport_nodejs_${name}`);
}
