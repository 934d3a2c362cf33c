# Jobs of Sidekiq in every state. Usage: ruby sidekiq_scene.rb REDIS_URL
require 'sidekiq'
require 'sidekiq/api'
require 'json'

URL = ARGV[0]
Sidekiq.configure_client { |config| config.redis = { url: URL } }
require_relative 'sidekiq_jobs'

def wait_until(what)
  deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + 30
  until yield
    raise "not within 30 s: #{what}" if Process.clock_gettime(Process::CLOCK_MONOTONIC) > deadline
    sleep 0.05
  end
end

def report(facts)
  STDOUT.puts(facts.to_json)
  STDOUT.flush
  STDIN.gets
end

def worker(*queues)
  arguments = queues.flat_map { |queue| ['-q', queue] }
  spawn({ 'SCENE_URL' => URL }, 'sidekiq', '-c', '1', '-r', File.join(__dir__, 'sidekiq_jobs.rb'), *arguments,
        out: STDERR, in: :close)
end

def facts
  sets = { scheduled: Sidekiq::ScheduledSet, retry: Sidekiq::RetrySet, dead: Sidekiq::DeadSet }
  jobs = { '*' => sets.transform_values { |set| set.new.size } }
  Sidekiq::Queue.all.each { |queue| jobs[queue.name] = { waiting: queue.size } }
  stats = Sidekiq::Stats.new
  finished = { completed: stats.processed - stats.failed, failed: stats.failed }
  { framework: 'sidekiq', jobs: jobs, finished: { '*' => finished }, overdue: { '*' => 0 } }
end

2.times { Succeed.perform_async }
Fail.perform_async
FailForGood.perform_async
Hang.set(queue: 'slow').perform_async
pid = worker('mail', 'slow')
wait_until('jobs are done') do
  stats = Sidekiq::Stats.new
  stats.processed == 4 && stats.failed == 2 && Sidekiq::Workers.new.size == 1
end
oldest = nil
Succeed.perform_in(3600)
Colon.perform_async
Succeed.set(queue: 'other').perform_async
Succeed.set(queue: 'other').perform_async
oldest = Sidekiq::Queue.new('other').to_a.last.enqueued_at.to_f
busy = facts
busy[:jobs]['slow'][:active] = Sidekiq::Workers.new.count { |_, _, work| work['queue'] == 'slow' }
report(busy.merge(step: 'filled', workers: { slow: 1, other: 0 }, silent: { '*' => 0 },
                  oldest: { other: oldest }, paused: { other: false }, pid: pid))
Process.wait(pid)
# What the server does by itself a minute later: the hash of the process runs out.
Sidekiq.redis { |connection| connection.del(connection.smembers('processes').first) }
report(facts.merge(step: 'killed', workers: { slow: 0 }, silent: { '*' => 1 }, orphaned: { slow: 1 },
                   oldest: { other: oldest }))
