/** How anybody verifies the record without trusting this server: the commands, with this installation's address in them. */
import { Anchor, Code, List, Stack, Text, Title } from '@mantine/core';
import { CommandText } from '../parts/command-text.tsx';
import { useReachesAll } from '../session/session.ts';

export function HowToVerify({ publicKey }: { readonly publicKey: string | undefined }): React.JSX.Element {
  const reachesAll = useReachesAll();
  const key = publicKey === undefined ? '' : ` \\\n  --public-key ${publicKey}`;
  return (
    <Stack gap="sm" component="section" aria-labelledby="how-to-verify">
      <Title order={2} id="how-to-verify">How to verify it</Title>
      {!reachesAll && <Text size="sm">Exports of the record are for who reaches every environment: your grants reach some.</Text>}
      <List type="ordered" size="sm" spacing="sm" styles={{ itemWrapper: { display: 'block' } }}>
        <List.Item>
          Keep checkpoints where this server’s operators cannot write, again and again. An auditor may.
          <CommandText label="Keep the checkpoints" copyLabel="Copy how to keep them" text={`homeport login ${location.origin}\nhomeport events export kept.ndjson --stream checkpoints`} />
        </List.Item>
        <List.Item>
          When you doubt the record, take it, and hold it against the checkpoints that you kept. The second command needs neither this server nor its network.
          <CommandText label="Export and verify" copyLabel="Copy how to verify" text={`homeport events export events.ndjson --url ${location.origin}\nhomeport events verify --file events.ndjson --checkpoints kept.ndjson${key}`} />
          {reachesAll && (
            <>
              <Anchor size="sm" href="/api/v1/events/export" download="homeport-events.ndjson">Download the whole record</Anchor> <Text span size="sm" c="dimmed">(the same export, by this page)</Text>
            </>
          )}
        </List.Item>
        <List.Item>
          On the server’s own machine its data directory is verified as it lies, running or not.
          <CommandText label="Verify the data directory" copyLabel="Copy how to verify there" text="homeport events verify --data-dir /var/lib/homeport --checkpoints kept.ndjson" />
        </List.Item>
      </List>
      <Text size="sm">
        It ends with code 0 where all is as it was recorded, and else names the first event that was altered, left out, put elsewhere or slipped in. The public key is <Code>checkpoint-key.pub</Code> in the data directory; get it in another way than from this page.
      </Text>
    </Stack>
  );
}
