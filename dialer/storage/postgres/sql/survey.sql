-- name: survey_calls
-- Calls of a flow by what came of them; a stage is complete, partial, running, or silent when nothing was answered.
-- params: flow, version, since, until, last_question
with calls as (
    select s.version, s.language, s.result, s.ended_at,
           bool_or(x.status = 'answered') as begun,
           bool_or(x.status in ('refused', 'cut_off')) as broken_off,
           bool_or(x.question = $5 and x.status in ('answered', 'no_answer')) as at_the_end
    from ivr_sessions s
    left join ivr_answers x on x.call = s.call
    where s.flow = $1 and s.version like $2 || '%' and s.started_at >= $3 and s.started_at < $4
    group by s.call
), staged as (
    select version, language, result,
           case
               when begun is not true then 'silent'
               when ended_at is null then 'running'
               when not broken_off and (at_the_end or result not in ('hung_up', 'error', 'no_answer')) then 'complete'
               else 'partial'
           end as stage
    from calls
)
select version, language, result, stage, count(*) as calls
from staged
group by version, language, result, stage
order by version, language, result, stage;

-- name: survey_answers
-- Answers on calls of a flow by question, end and value; the name of a recording is no value.
-- params: flow, version, since, until
with answers as (
    select x.question, x.status, x.clip, case when x.clip <> '' and x.value = to_jsonb(x.clip) then null else x.value end as value
    from ivr_sessions s
    join ivr_answers x on x.call = s.call
    where s.flow = $1 and s.version like $2 || '%' and s.started_at >= $3 and s.started_at < $4
)
select question, status, value, count(*) as calls, count(*) filter (where clip <> '') as clips
from answers
group by question, status, value
order by question, status, value;

-- name: survey_free_answers
-- What was said in own words, the first of so many, each row with how many there are in all.
-- params: flow, version, since, until, questions, most
select x.call, x.question, x.clip, x.language, x.at, count(*) over () as total,
       case
           when x.value = to_jsonb(x.clip) then ''
           when jsonb_typeof(x.value) = 'array' then
               (select string_agg(e.value, ', ' order by e.nth) from jsonb_array_elements_text(x.value) with ordinality e (value, nth))
           else x.value #>> '{}'
       end as value
from ivr_sessions s
join ivr_answers x on x.call = s.call and x.clip <> '' and x.question = any ($5::text[])
where s.flow = $1 and s.version like $2 || '%' and s.started_at >= $3 and s.started_at < $4
order by s.started_at, s.call, array_position($5::text[], x.question)
limit $6;

-- name: survey_cross
-- Calls of a flow by two of their properties: cells, both margins, those with a value of both, and the others.
-- params: flow, version, since, until, row_of, row_key, column_of, column_key, zone
with axes (place, kind, key) as (
    values (1, $5::text, $6::text), (2, $7, $8)
), told_apart as (
    select s.call, a.place,
           case a.kind
               when 'question' then coalesce(
                   (
                       select case jsonb_typeof(x.value)
                                  when 'array' then array(select distinct e from jsonb_array_elements_text(x.value) e order by e)
                                  else array[x.value #>> '{}']
                              end
                       from ivr_answers x
                       where x.call = s.call and x.question = a.key and x.status = 'answered' and x.value is not null
                         and not (x.clip <> '' and x.value = to_jsonb(x.clip)) -- own words are no category
                   ),
                   '{}'
               )
               when 'contact' then array_remove(array[nullif(s.state -> 'contact' ->> a.key, '')], null)
               when 'language' then array[s.language]
               when 'day' then array[(s.started_at at time zone $9)::date::text]
               when 'result' then array_remove(array[s.result], null)
               else array[left(s.version, 12)]
           end as known
    from ivr_sessions s
    cross join axes a
    where s.flow = $1 and s.version like $2 || '%' and s.started_at >= $3 and s.started_at < $4
      and exists (select from ivr_answers x where x.call = s.call and x.status = 'answered')
), calls as (
    select max(known) filter (where place = 1) as rows, max(known) filter (where place = 2) as columns
    from told_apart
    group by call
), alike as materialized (
    select rows, columns, count(*) as calls from calls group by rows, columns
), told as (
    select rows, columns, calls from alike where rows <> '{}' and columns <> '{}'
)
select 'cell' as what, r as row, c as column, sum(calls)::bigint as calls from told, unnest(rows) r, unnest(columns) c group by r, c
union all
select 'row', r, '', sum(calls)::bigint from told, unnest(rows) r group by r
union all
select 'column', '', c, sum(calls)::bigint from told, unnest(columns) c group by c
union all
select 'both', '', '', coalesce(sum(calls), 0)::bigint from told
union all
select 'left_out', '', '', coalesce(sum(calls), 0)::bigint from alike where rows = '{}' or columns = '{}';
