/** What checkpoints prove and what they do not, in plain words; docs/security.md has all of it. */
import { List, Paper, SimpleGrid, Title } from '@mantine/core';

export function WhatItProves(): React.JSX.Element {
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }}>
      <Paper withBorder p="md" component="section" aria-labelledby="what-it-proves" bg="var(--homeport-surface)">
        <Title order={2} size="h3" mb="xs" id="what-it-proves">What it proves</Title>
        <List size="sm" spacing={6}>
          <List.Item>Nothing that a checkpoint covers was altered, left out, put in another order or added to since it was signed, if you kept that checkpoint elsewhere.</List.Item>
          <List.Item>Not even who runs this server, and has all its keys, can make another history fit a checkpoint that you have.</List.Item>
          <List.Item>Of events that have expired (polls, calls, refusals, snapshots): that so many were recorded then.</List.Item>
        </List>
      </Paper>
      <Paper withBorder p="md" component="section" aria-labelledby="what-it-does-not" bg="var(--homeport-surface)">
        <Title order={2} size="h3" mb="xs" id="what-it-does-not">What it does not prove</Title>
        <List size="sm" spacing={6}>
          <List.Item>Anything, where checkpoints are kept on this server alone: who can rewrite the record can rewrite them too.</List.Item>
          <List.Item>What was recorded since the last checkpoint: who cuts the end off there leaves no trace but with those who have read it.</List.Item>
          <List.Item>What expired events said; and that what was recorded is true, only that it is what was recorded.</List.Item>
        </List>
      </Paper>
    </SimpleGrid>
  );
}
