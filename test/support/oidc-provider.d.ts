/** As much of oidc-provider, which comes without types, as the specs use. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  interface Grant {
    addOIDCScope(scope: string): void;
    save(): Promise<string>;
  }

  export class Provider {
    constructor(
      issuer: string,
      configuration: {
        readonly interactions: { url(context: unknown, interaction: { readonly uid: string }): string };
        findAccount(context: unknown, subject: string): { readonly accountId: string; claims(): Promise<object> };
        readonly [setting: string]: unknown;
      },
    );
    readonly Grant: { new (of: { readonly accountId: string | undefined; readonly clientId: string }): Grant; find(id: string): Promise<Grant> };
    callback(): (req: IncomingMessage, res: ServerResponse) => Promise<void>;
    interactionDetails(
      req: IncomingMessage,
      res: ServerResponse,
    ): Promise<{ readonly prompt: { readonly name: string }; readonly params: { readonly client_id: string }; readonly session?: { readonly accountId: string }; readonly grantId?: string }>;
    interactionFinished(req: IncomingMessage, res: ServerResponse, result: object, options?: object): Promise<void>;
  }
}
