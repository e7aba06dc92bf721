// Measures only oneDNN's LSTM primitive, forward and backward, with its best number of threads.
// Prints a JSON line for each number of threads and then for the best, in characters a second.
//
// The primitive does only the recurrent layers of the training step that `runnel-benchmark` times
// as Train/lstm/...: no output layer, no softmax, no clipping, no optimizer. Its input is prepared
// beforehand as one-hot vectors [T x B x V], which the primitive multiplies like any others. The
// time includes the work that it needs again in each step of training: bringing the changed weights
// into the forms that it prefers, and clearing the gradients, because it adds to them.
//
// It needs oneDNN 2 (Debian: libdnnl-dev), which nothing else here needs. So this file is in no
// build, and `tests/benchmark/compare` compiles it:
//   g++ -O2 -std=c++20 -fopenmp onednn_lstm.cc -o onednn_lstm -ldnnl
#include <omp.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <dnnl.hpp>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

using dnnl::memory;
using Tag = memory::format_tag;
using Arguments = std::unordered_map<int, memory>;

struct Options {
  int layers = 2;
  int hidden = 128;
  int vocabulary = 65;
  int lanes = 50;
  int steps = 50;
  std::vector<int> threads = {1, 2};
  double seconds = 3;
};

// oneDNN's default engine and its one stream.
struct Device {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};

  memory Allocate(const memory::desc& form) const { return memory(form, engine); }
};

memory::desc Form(const memory::dims& sizes, Tag tag) {
  return memory::desc(sizes, memory::data_type::f32, tag);
}

float* Floats(const memory& tensor) { return static_cast<float*>(tensor.get_data_handle()); }

void Clear(const memory& tensor) {
  std::memset(tensor.get_data_handle(), 0, tensor.get_desc().get_size());
}

void FillNormal(const memory& tensor, float deviation, std::mt19937& random) {
  std::normal_distribution<float> normal(0, deviation);
  std::generate_n(Floats(tensor), tensor.get_desc().get_size() / sizeof(float),
                  [&] { return normal(random); });
}

// One-hot vectors of random characters.
void FillOneHot(const memory& tensor, int vocabulary, std::mt19937& random) {
  Clear(tensor);
  std::uniform_int_distribution<int> character(0, vocabulary - 1);
  const size_t characters = tensor.get_desc().get_size() / sizeof(float) / vocabulary;
  for (size_t i = 0; i < characters; ++i) Floats(tensor)[i * vocabulary + character(random)] = 1;
}

// A copy of weights in the form that a primitive asked for, made again at each step.
class Reordered {
 public:
  Reordered(const Device& device, const memory& from, const memory::desc& form)
      : from_(from), to_(device.Allocate(form)), reorder_(from_, to_) {}

  const memory& to() const { return to_; }
  void Refresh(const dnnl::stream& stream) const {
    reorder_.execute(stream, {{DNNL_ARG_FROM, from_}, {DNNL_ARG_TO, to_}});
  }

 private:
  memory from_;
  memory to_;
  dnnl::reorder reorder_;
};

// A sequence [T x B x width] between two layers, and the gradient that comes back.
struct Sequence {
  memory values;
  memory gradient;
};

// One layer of the stack. Each layer is its own primitive, because a primitive of several layers
// needs inputs as wide as its outputs, and the first layer's are not.
class Layer {
 public:
  Layer(const Device& device, const Sequence& input, const Sequence& output, std::mt19937& random) {
    const memory::desc source = input.values.get_desc(), destination = output.values.get_desc();
    const int64_t width = source.dims()[2], lanes = source.dims()[1];
    const int64_t hidden = destination.dims()[2];
    const auto state = Form({1, 1, lanes, hidden}, Tag::ldnc);
    const auto bias_form = Form({1, 1, kGates, hidden}, Tag::ldgo);
    const memory::dims layer_sizes = {1, 1, width, kGates, hidden};
    const memory::dims iter_sizes = {1, 1, hidden, kGates, hidden};
    const auto layer_any = Form(layer_sizes, Tag::any), iter_any = Form(iter_sizes, Tag::any);

    using dnnl::prop_kind;
    const auto direction = dnnl::rnn_direction::unidirectional_left2right;
    const dnnl::lstm_forward::primitive_desc forward(
        {prop_kind::forward_training, direction, source, state, state, layer_any, iter_any,
         bias_form, destination, state, state},
        device.engine);
    const dnnl::lstm_backward::desc everything_and_its_gradient(
        prop_kind::backward, direction, source, state, state, layer_any, iter_any, bias_form,
        destination, state, state, source, state, state, layer_any, iter_any, bias_form,
        destination, state, state);
    const dnnl::lstm_backward::primitive_desc backward(everything_and_its_gradient, device.engine,
                                                       forward);
    forward_ = dnnl::lstm_forward(forward);
    backward_ = dnnl::lstm_backward(backward);

    const auto weights_layer = device.Allocate(Form(layer_sizes, Tag::ldigo));
    const auto weights_iter = device.Allocate(Form(iter_sizes, Tag::ldigo));
    const auto bias = device.Allocate(bias_form);
    for (const auto& parameter : {weights_layer, weights_iter, bias}) {
      FillNormal(parameter, 1 / std::sqrt(static_cast<float>(hidden)), random);
    }
    forward_weights_ = {{device, weights_layer, forward.weights_layer_desc()},
                        {device, weights_iter, forward.weights_iter_desc()}};
    backward_weights_ = {{device, weights_layer, backward.weights_layer_desc()},
                         {device, weights_iter, backward.weights_iter_desc()}};
    // The gradients stay in the primitive's own format. Converting them to the format of the
    // weights is not timed.
    weight_gradients_ = {device.Allocate(backward.diff_weights_layer_desc()),
                         device.Allocate(backward.diff_weights_iter_desc()),
                         device.Allocate(bias_form)};

    const auto zeros = [&] {
      memory tensor = device.Allocate(state);
      Clear(tensor);
      return tensor;
    };
    forward_arguments_ = {{DNNL_ARG_SRC_LAYER, input.values},
                          {DNNL_ARG_SRC_ITER, zeros()},
                          {DNNL_ARG_SRC_ITER_C, zeros()},
                          {DNNL_ARG_WEIGHTS_LAYER, forward_weights_[0].to()},
                          {DNNL_ARG_WEIGHTS_ITER, forward_weights_[1].to()},
                          {DNNL_ARG_BIAS, bias},
                          {DNNL_ARG_DST_LAYER, output.values},
                          {DNNL_ARG_DST_ITER, zeros()},
                          {DNNL_ARG_DST_ITER_C, zeros()},
                          {DNNL_ARG_WORKSPACE, device.Allocate(forward.workspace_desc())}};
    backward_arguments_ = forward_arguments_;
    backward_arguments_[DNNL_ARG_WEIGHTS_LAYER] = backward_weights_[0].to();
    backward_arguments_[DNNL_ARG_WEIGHTS_ITER] = backward_weights_[1].to();
    backward_arguments_.insert({{DNNL_ARG_DIFF_SRC_LAYER, input.gradient},
                                {DNNL_ARG_DIFF_SRC_ITER, zeros()},
                                {DNNL_ARG_DIFF_SRC_ITER_C, zeros()},
                                {DNNL_ARG_DIFF_WEIGHTS_LAYER, weight_gradients_[0]},
                                {DNNL_ARG_DIFF_WEIGHTS_ITER, weight_gradients_[1]},
                                {DNNL_ARG_DIFF_BIAS, weight_gradients_[2]},
                                {DNNL_ARG_DIFF_DST_LAYER, output.gradient},
                                {DNNL_ARG_DIFF_DST_ITER, zeros()},
                                {DNNL_ARG_DIFF_DST_ITER_C, zeros()}});
  }

  void Forward(const dnnl::stream& stream) const {
    for (const auto& weights : forward_weights_) weights.Refresh(stream);
    forward_.execute(stream, forward_arguments_);
  }

  void Backward(const dnnl::stream& stream) const {
    for (const auto& weights : backward_weights_) weights.Refresh(stream);
    for (const auto& gradient : weight_gradients_) Clear(gradient);
    backward_.execute(stream, backward_arguments_);
  }

 private:
  static constexpr int kGates = 4;

  dnnl::lstm_forward forward_;
  dnnl::lstm_backward backward_;
  std::vector<Reordered> forward_weights_;
  std::vector<Reordered> backward_weights_;
  std::vector<memory> weight_gradients_;
  Arguments forward_arguments_;
  Arguments backward_arguments_;
};

class Stack {
 public:
  Stack(const Device& device, const Options& options) : stream_(device.stream) {
    std::mt19937 random(1);
    for (int i = 0; i <= options.layers; ++i) {
      const auto form = Form(
          {options.steps, options.lanes, i == 0 ? options.vocabulary : options.hidden}, Tag::tnc);
      sequences_.push_back({device.Allocate(form), device.Allocate(form)});
    }
    FillOneHot(sequences_.front().values, options.vocabulary, random);
    FillNormal(sequences_.back().gradient, 1e-3, random);  // what a loss would send back
    for (int i = 0; i < options.layers; ++i) {
      layers_.emplace_back(device, sequences_[i], sequences_[i + 1], random);
    }
  }

  void Step() {
    for (auto layer = layers_.begin(); layer != layers_.end(); ++layer) layer->Forward(stream_);
    for (auto layer = layers_.rbegin(); layer != layers_.rend(); ++layer) layer->Backward(stream_);
    stream_.wait();
  }

 private:
  dnnl::stream stream_;
  std::vector<Sequence> sequences_;  // between the layers, the input first
  std::vector<Layer> layers_;
};

double CharactersPerSecond(const Options& options, int threads) {
  omp_set_num_threads(threads);  // before the primitives, which split their work as they are made
  Stack stack(Device(), options);
  stack.Step();  // sets everything up
  const auto begin = std::chrono::steady_clock::now();
  std::chrono::duration<double> taken{};
  double characters = 0;
  while (taken.count() < options.seconds) {
    stack.Step();
    characters += static_cast<double>(options.lanes) * options.steps;
    taken = std::chrono::steady_clock::now() - begin;
  }
  return characters / taken.count();
}

void Print(int threads, double speed, const std::string& more) {
  const auto* version = dnnl::version();
  std::printf("{\"peer\": \"oneDNN %d.%d.%d\", \"threads\": %d, \"chars_per_second\": %.1f%s}\n",
              version->major, version->minor, version->patch, threads, speed, more.c_str());
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Only oneDNN's LSTM primitive: characters a second, forward and backward.");
  app.option_defaults()->always_capture_default();
  const CLI::Validator positive = CLI::PositiveNumber;
  app.add_option("--layers", options.layers)->check(positive);
  app.add_option("--hidden", options.hidden)->check(positive);
  app.add_option("--vocabulary", options.vocabulary, "Characters")->check(positive);
  app.add_option("--lanes", options.lanes)->check(positive);
  app.add_option("--steps", options.steps, "Characters of a lane in a batch")->check(positive);
  app.add_option("--threads", options.threads, "To try")->check(positive);
  app.add_option("--seconds", options.seconds, "To time each number of threads for")
      ->check(positive);
  CLI11_PARSE(app, argc, argv);

  double best = 0;
  int best_threads = 0;
  for (const int threads : options.threads) {
    const double speed = CharactersPerSecond(options, threads);
    Print(threads, speed, "");
    if (speed > best) {
      best = speed;
      best_threads = threads;
    }
  }
  Print(best_threads, best, ", \"best\": true");
  return 0;
}
