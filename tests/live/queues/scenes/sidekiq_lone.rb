# Sidekiq with one thing each, in databases of their own. Usage: ruby sidekiq_lone.rb REDIS_URL
require 'sidekiq'
require 'sidekiq/api'
require 'json'

URL = ARGV[0]
require_relative 'sidekiq_jobs'

def use(database)
  Sidekiq.redis = { url: "#{URL}/#{database}" }
  yield
end

def wait_until(what)
  deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + 30
  until yield
    raise "not within 30 s: #{what}" if Process.clock_gettime(Process::CLOCK_MONOTONIC) > deadline
    sleep 0.05
  end
end

def worker(database, *queues)
  arguments = queues.flat_map { |queue| ['-q', queue] }
  spawn({ 'SCENE_URL' => "#{URL}/#{database}" }, 'sidekiq', '-c', '1', '-r', File.join(__dir__, 'sidekiq_jobs.rb'),
        *arguments, out: STDERR, in: :close)
end

use(0) { Succeed.set(queue: 'new').perform_async }
use(1) { Succeed.perform_in(3600) }
pid = worker(2, 'emptied')
use(2) do
  Succeed.set(queue: 'emptied').perform_async
  wait_until('the job is done') { Sidekiq::Stats.new.processed == 1 }
  Process.kill('TERM', pid)
  Process.wait(pid)
  wait_until('the process is gone') { Sidekiq::ProcessSet.new.size.zero? }
end
worker(3, 'served', 'idle')
use(3) { wait_until('the process is there') { Sidekiq::ProcessSet.new.size == 1 } }
use(4) do
  FailForGood.set(queue: 'broken').perform_async
  pid = worker(4, 'broken')
  wait_until('the job is dead') { Sidekiq::DeadSet.new.size == 1 }
  Process.kill('TERM', pid)
  Process.wait(pid)
end
jobs = { new: { waiting: 1 }, emptied: { waiting: 0 }, served: { waiting: 0 }, idle: { waiting: 0 }, broken: { waiting: 0 } }
puts({ step: 'filled', framework: 'sidekiq', jobs: jobs, workers: { served: 1, idle: 1, new: 0 } }.to_json)
STDOUT.flush
STDIN.gets
